import { expect, it } from 'vitest'
import zh from '@words/zh-CN/desk.json'
import { at, keysIn, sources } from '../testing/words'

const desk = new URL('../', import.meta.url)

it('every sentence of the wall asked for by its whole name is there', () => {
  const keys = keysIn(sources(desk), /'(desk\.(?:wall|candidate)\.[A-Za-z0-9_.]+)'/g)
  expect(keys.length).toBeGreaterThan(60)
  expect(keys.filter((key) => typeof at(zh, key) !== 'string')).toEqual([])
})
