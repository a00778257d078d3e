import { createHash } from 'node:crypto'
import { inspector } from '@go-go-scope/persistence-inspector'
import { describe, expect, test } from 'vitest'
import { inspectorOf, KEY, OVERVIEW, persistence, requestFor, SECRET, TOKEN } from './inspected.js'

/** Expects a refusal: a status and a reason, without the page and without data. */
async function expectRefusal(response: Response, status = 403): Promise<void> {
  const body = await response.text()
  expect([response.status, Object.keys(JSON.parse(body))]).toEqual([status, ['error']])
  for (const text of [KEY, SECRET, TOKEN, 'shop:', '<']) expect(body).not.toContain(text)
}

const BOTH = [['the page', ''] as const, ['data', OVERVIEW] as const]

describe.each(BOTH)('a request for %s', (_what, query) => {
  test.each([
    'attacker.example',
    'attacker.example:3000',
    'localhost.attacker.example',
    '127.0.0.1.nip.io',
    '127.0.0.2',
    '0.0.0.0',
    '[::2]',
    'localhost.',
    'localhost@attacker.example',
    'localhost/attacker.example',
    'localhost, attacker.example',
    'localhost:3000:80',
    '',
  ])('to the host "%s" is refused, with the token, too', async (host) => {
    await expectRefusal(await inspectorOf()(requestFor(query, { headers: { host } })))
  })

  test.each(['localhost:65536', 'localhost:99999'])('to %s, of no port, from any origin is refused', async (host) => {
    const headers = { host, origin: 'http://localhost' }
    await expectRefusal(
      await inspectorOf({ token: TOKEN, write: true })(requestFor(query, { method: 'POST', headers })),
    )
  })

  test.each(['localhost', 'LOCALHOST:1', '127.0.0.1:65535', '[::1]', '[::1]:3000'])(
    'to %s is answered',
    async (host) => {
      expect((await inspectorOf()(requestFor(query, { headers: { host } }))).status).toBe(200)
    },
  )

  test('without a host in its headers is judged by its URL', async () => {
    await expectRefusal(await inspectorOf()(new Request(`http://attacker.example/${query}`)))
  })

  test('of another site, or of another port of this machine, is refused', async () => {
    for (const site of ['cross-site', 'same-site', 'whatever']) {
      await expectRefusal(await inspectorOf()(requestFor(query, { headers: { 'sec-fetch-site': site } })))
    }
    for (const site of ['same-origin', 'none']) {
      expect((await inspectorOf()(requestFor(query, { headers: { 'sec-fetch-site': site } }))).status).toBe(200)
    }
  })

  test('of another origin is refused, also by browsers that say no more', async () => {
    await expectRefusal(await inspectorOf()(requestFor(query, { headers: { origin: 'http://evil.example' } })))
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'by %s is refused: the option write is off',
    async (method) => {
      await expectRefusal(await inspectorOf()(requestFor(query, { method })))
    },
  )
})

describe('host names of the app', () => {
  test('are the given ones, and no others', async () => {
    const inspect = inspectorOf({ token: TOKEN, hosts: ['Admin.example.com'] })
    const to = async (host: string) => (await inspect(requestFor(OVERVIEW, { headers: { host } }))).status
    expect(await to('admin.example.com')).toBe(200)
    expect(await to('admin.example.com:8443')).toBe(200)
    expect(await to('example.com')).toBe(403)
    expect(await to('localhost')).toBe(403)
  })
})

describe('the token', () => {
  test.each<[string, Record<string, string>, string]>([
    ['is absent', {}, ''],
    ['is another', { authorization: `Bearer ${TOKEN.replace('t', 'x')}` }, ''],
    ['is a part', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }, ''],
    ['is more', { authorization: `Bearer ${TOKEN}x` }, ''],
    ['is empty', { authorization: 'Bearer ' }, ''],
    ['is of another kind', { authorization: `Basic ${btoa(`x:${TOKEN}`)}` }, ''],
    ['stands in the query', {}, `&token=${encodeURIComponent(TOKEN)}`],
    ['stands in a cookie', { cookie: `token=${TOKEN}` }, ''],
  ])('that %s opens nothing', async (_how, headers, more) => {
    for (const view of ['overview', 'value&of=entries&prefix=shop:&key=session:1', 'unheard-of', '']) {
      const request = new Request(`http://localhost/inspector?view=${view}${more}`, { headers })
      await expectRefusal(await inspectorOf({ token: TOKEN, values: true })(request))
    }
  })

  test('opens the data', async () => {
    expect(await (await inspectorOf()(requestFor(OVERVIEW))).text()).toContain(KEY)
  })
})

describe('authorize', () => {
  test('decides on the page and on data, by the request', async () => {
    const asked: string[] = []
    const inspect = inspectorOf({
      async authorize(request) {
        asked.push(request.url)
        return request.headers.get('cookie') === 'session=ada'
      },
    })
    for (const [, query] of BOTH) {
      await expectRefusal(await inspect(requestFor(query)))
      expect((await inspect(requestFor(query, { headers: { cookie: 'session=ada' } }))).status).toBe(200)
    }
    expect(asked).toHaveLength(4)
    await inspect(requestFor('', { headers: { host: 'attacker.example' } }))
    expect(asked, 'nobody is asked about a request for another host').toHaveLength(4)
  })

  test('grants access only for true', async () => {
    for (const answer of ['yes', 1, {}, undefined]) {
      await expectRefusal(await inspectorOf({ authorize: () => answer as never })(requestFor(OVERVIEW)))
    }
  })

  test('that fails grants no access', async () => {
    const authorize = async () => {
      throw new Error('the store of sessions is away')
    }
    await expect(inspectorOf({ authorize })(requestFor(OVERVIEW))).rejects.toThrow('is away')
  })
})

describe('the page', () => {
  test('is the same whatever is in the database, and requests nothing from other servers', async () => {
    const html = await (await inspectorOf()(new Request('http://localhost/anywhere'))).text()
    expect(html).toMatch(/^<!doctype html>/)
    for (const text of [KEY, SECRET, TOKEN, 'shop:']) expect(html).not.toContain(text)
    const addresses = [...html.matchAll(/(?:https?:)?\/\/[\w.]+/g)].map(([address]) => address)
    expect(new Set(addresses), 'the name of the markup of drawings').toEqual(new Set(['http://www.w3.org']))
  })

  test('is the same whatever its query is, such as one that another program has added', async () => {
    const html = await (await inspectorOf()(new Request('http://localhost/'))).text()
    for (const query of ['?', '?x=1', `?token=${encodeURIComponent(TOKEN)}`, '?do=clear&prefix=shop:&startsWith=']) {
      const response = await inspectorOf({ token: TOKEN, write: true })(new Request(`http://localhost/${query}`))
      expect([response.status, (await response.text()) === html], query).toEqual([200, true])
    }
  })

  test('asks for a token only if one opens the data', async () => {
    for (const [options, access] of [
      [{ token: TOKEN }, 'token'],
      [{ authorize: () => true }, 'app'],
    ] as const)
      expect(await (await inspectorOf(options)(requestFor(''))).text()).toContain(`data-access="${access}"`)
  })

  test('runs only its own scripts and styles', async () => {
    const response = await inspectorOf()(requestFor(''))
    const policy = response.headers.get('content-security-policy') ?? ''
    const html = await response.text()
    const directives = Object.fromEntries(policy.split('; ').map((one) => [one.split(' ')[0], one]))
    for (const [kind, name] of [
      ['script', 'script-src'],
      ['style', 'style-src'],
    ]) {
      const texts = [...html.matchAll(new RegExp(`<${kind}[^>]*>([\\s\\S]*?)</${kind}>`, 'g'))].map(
        ([, text = '']) => text,
      )
      expect(texts).toHaveLength(1)
      const hash = createHash('sha256')
        .update(texts[0] ?? '')
        .digest('base64')
      expect(directives[name ?? '']).toBe(`${name} 'sha256-${hash}'`)
    }
    expect(policy).toMatch(/^default-src 'none'; /)
    expect(policy.split('; ').slice(3)).toEqual([
      "connect-src 'self'",
      'img-src data:',
      ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
      ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
    ])
    expect(html, 'no handler in markup').not.toMatch(/\son\w+=/)
  })
})

describe('every response', () => {
  test.each<[string, string, RequestInit]>([
    ['the page', '', {}],
    ['data', OVERVIEW, {}],
    ['a refusal', OVERVIEW, { headers: { authorization: '' } }],
    ['what is asked before a request of another origin', OVERVIEW, { method: 'OPTIONS', headers: { origin: 'null' } }],
    ['what there is not', '?view=unheard-of', {}],
  ])(
    'is kept by nobody, framed by nobody, and says to no other origin that it may be read: %s',
    async (_what, query, init) => {
      const { headers } = await inspectorOf()(requestFor(query, init))
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
        'x-frame-options': 'DENY',
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      })
      for (const [name] of headers) expect(name).not.toMatch(/^(set-cookie|access-control-.*)$/)
    },
  )
})

describe('options that cannot be used are refused', () => {
  test.each<[string, object, RegExp]>([
    ['nothing that decides who may look', {}, /option token must be a secret text, or option authorize a function/],
    ['two that decide', { token: TOKEN, authorize: () => true }, /give one of the two, got both$/],
    [
      'a token that can be guessed',
      { token: '123456789012345' },
      /16 characters or more, such as crypto\.randomUUID\(\), got one of 15$/,
    ],
    ['a token with the newline of its file', { token: `${TOKEN}\n` }, /token must be a text that a header can carry/],
    [
      'a token that no header can carry',
      { token: `${TOKEN} \u{1f511}` },
      /token must be a text that a header can carry/,
    ],
    ['a token that is no text', { token: 7 }, /option token must be a text.*, got number$/],
    ['an answer for authorize', { authorize: true }, /option authorize must be a function/],
    ['a host with a port', { token: TOKEN, hosts: ['localhost:80'] }, /option hosts must be an array of host names/],
    ['a URL as a host', { token: TOKEN, hosts: ['https://a.example'] }, /option hosts must be/],
    ['one host alone', { token: TOKEN, hosts: 'a.example' }, /option hosts must be an array/],
    ['values that are no switch', { token: TOKEN, values: 'all' }, /option values must be true or false/],
    ['a name that is none', { token: TOKEN, tokken: TOKEN }, /did you mean token/],
  ])('%s', (_what, wrong, message) => {
    expect(() => inspectorOf(wrong)).toThrow(message)
    expect(() => inspectorOf(wrong)).not.toThrow(TOKEN)
  })

  test('write: true for what only reads', () => {
    const { inspect, stats } = persistence
    expect(() => inspector({ inspect, stats } as never, { token: TOKEN, write: true })).toThrow(/prune/)
  })

  test('a token in the place of the options, which is not shown', () => {
    const refused = () => inspector(persistence, TOKEN as never)
    expect(refused).toThrow('inspector: options must be an object such as { token }, got a string')
    expect(refused).not.toThrow(TOKEN)
  })
})
