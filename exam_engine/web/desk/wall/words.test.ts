import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import zh from '@words/zh-CN/desk.json'

const desk = new URL('../', import.meta.url)

function at(words: unknown, key: string): unknown {
  return key
    .split('.')
    .slice(1)
    .reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], words)
}

it('every sentence of the wall asked for by its whole name is there', () => {
  const files = readdirSync(desk, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.(vue|ts)$/.test(path) && !path.endsWith('.test.ts'),
  )
  const code = files.map((path) => readFileSync(new URL(path, desk), 'utf8')).join('\n')
  const keys = [...new Set([...code.matchAll(/'(desk\.(?:wall|candidate)\.[A-Za-z0-9_.]+)'/g)].map((match) => match[1] ?? ''))]
  expect(keys.length).toBeGreaterThan(60)
  expect(keys.filter((key) => typeof at(zh, key) !== 'string')).toEqual([])
})
