import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import en from '@words/en/bank.json'
import zh from '@words/zh-CN/bank.json'
import { at, keysIn, sources } from '../testing/words'
import { look } from './candidate'
import { DIFFICULTIES, FLAGS, LEVELS, STATUSES, TYPES } from './filters'
import { FORMATS, STEPS } from './importing'
import { BULK } from './listing'
import { KINDS } from './pools'
import { TABS } from './routes'

const here = new URL('./', import.meta.url)

it('every sentence asked for by its whole name is there', () => {
  const keys = keysIn(sources(here), /'(bank\.(?:[A-Za-z0-9_]+\.)*[A-Za-z0-9_]+)'/g)
  expect(keys.length).toBeGreaterThan(180)
  expect(keys.filter((key) => typeof at(zh, key) !== 'string')).toEqual([])
})

it('what has a name in the code has words in both languages', () => {
  const named: [object, readonly string[]][] = [zh, en].flatMap((words): [object, readonly string[]][] => [
    [words.tab, TABS],
    [words.status, STATUSES],
    [words.flag, FLAGS],
    [words.type, TYPES],
    [words.type_hint, TYPES],
    [words.level, LEVELS],
    [words.difficulty, DIFFICULTIES],
    [words.event, BULK],
    [words.means, BULK],
    [words.done, BULK],
    [words.format, FORMATS],
    [words.format_hint, FORMATS],
    [words.import.step, STEPS],
    [words.pool.kinds, KINDS.map((kind) => kind || 'none')],
    [words.save, ['clean', 'waiting', 'saving', 'saved', 'offline', 'refused', 'conflict']],
    [words.verdict, ['same', 'near', 'differs']],
    [words.difference, ['number', 'negation', 'unit', 'key', 'word']],
  ])
  for (const [words, names] of named) expect(Object.keys(words)).toEqual(expect.arrayContaining([...names]))
})

it('every complaint this page makes itself has its words', () => {
  const codes = keysIn(readFileSync(new URL('check.ts', here), 'utf8'), /complaint\('\w+', '(\w+)'/g)
  expect(codes.length).toBeGreaterThan(12)
  expect(codes.filter((code) => !(code in zh.problem))).toEqual([])
})

it("the app's own style gives the preview its colours, its letters and the size of its words", () => {
  const names = look(readFileSync(new URL('../../app/style.css', here), 'utf8')).map(([name]) => name)
  expect(names).toEqual(expect.arrayContaining(['--brand', '--brand-pale', '--ink-2', '--line', '--paper', '--warn-pale', '--exam-font', 'color', 'font']))
})
