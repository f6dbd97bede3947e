import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

type Tree = { [key: string]: string | Tree }

const here = new URL('.', import.meta.url)
const areas = readdirSync(new URL('zh-CN/', here)).sort()
const read = (locale: string, area: string): Tree =>
  JSON.parse(readFileSync(new URL(`${locale}/${area}`, here), 'utf8')) as Tree

function flat(tree: Tree, prefix = ''): Record<string, string> {
  return Object.entries(tree).reduce<Record<string, string>>((all, [key, value]) => {
    if (typeof value === 'string') return { ...all, [prefix + key]: value }
    return { ...all, ...flat(value, `${prefix}${key}.`) }
  }, {})
}

const holes = (sentence: string): string[] => (sentence.match(/\{\w+\}/g) ?? []).sort()

/** Every .vue and .ts file of a folder, as one text. */
function sources(folder: string): string {
  const all = readdirSync(new URL(`../${folder}/`, here), { recursive: true, encoding: 'utf8' })
  const code = all.filter((path) => /\.(vue|ts)$/.test(path))
  return code.map((path) => readFileSync(new URL(`../${folder}/${path}`, here), 'utf8')).join('\n')
}

describe('the words', () => {
  it('have the same areas in both languages', () => {
    expect(readdirSync(new URL('en/', here)).sort()).toEqual(areas)
  })

  it.each(areas)('%s: the same keys in both languages, none empty', (area) => {
    const [zh, en] = [flat(read('zh-CN', area)), flat(read('en', area))]
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort())
    expect(Object.entries({ ...zh, ...en }).filter(([, text]) => !text.trim())).toEqual([])
  })

  it.each(areas)('%s: the same facts fill the same sentence in both languages', (area) => {
    const [zh, en] = [flat(read('zh-CN', area)), flat(read('en', area))]
    for (const key of Object.keys(zh)) expect([key, holes(en[key] ?? '')]).toEqual([key, holes(zh[key] ?? '')])
  })

  it('hold every sentence the app asks for by its whole name', () => {
    const known = areas.reduce<Record<string, string>>(
      (all, area) => ({ ...all, ...flat(read('zh-CN', area), `${area.replace('.json', '')}.`) }),
      {},
    )
    const asked = [...sources('app').matchAll(/'((?:app|shared)\.[A-Za-z0-9_.]+)'/g)].map((match) => match[1] ?? '')
    expect(asked.length).toBeGreaterThan(50)
    expect(asked.filter((key) => !(key in known))).toEqual([])
  })

  it.each(areas)('%s: no sign the message format would read as its own', (area) => {
    for (const locale of ['zh-CN', 'en']) {
      for (const text of Object.values(flat(read(locale, area)))) expect(text).not.toMatch(/[|@]/)
    }
  })
})
