import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { anyIdFault, bareId, idFault, ID_TYPES } from './id-number'
import { PASSWORD_MAX, PASSWORD_MIN } from './phone'
import { PROVINCES, TITLES } from './provinces'
import { TERMS_VERSION } from './terms'

const TODAY = new Date('2026-11-23T04:00:00Z')
const GOOD = '11010519491231002X' // the standard's own sample
const python = (file: string): string => readFileSync(new URL(`../../../registration/${file}`, import.meta.url), 'utf8')
const card = (text: string): string => idFault('id_card', text, TODAY)

describe('an ID card number', () => {
  it('is right with its check digit, however it was typed', () => {
    expect(card(GOOD)).toBe('')
    expect(card(' 110105 19491231 002x ')).toBe('')
    expect(card('１１０１０５１９４９１２３１００２Ｘ')).toBe('')
  })

  it('is wrong with any single digit changed', () => {
    for (let at = 0; at < 17; at++) {
      const changed = GOOD.slice(0, at) + ((Number(GOOD[at]) + 1) % 10) + GOOD.slice(at + 1)
      expect([at, card(changed)]).not.toEqual([at, ''])
    }
  })

  it('is wrong with two neighbours swapped', () => {
    expect(card('11010519491321002X')).toBe('date')
    expect(card('11010591491231002X')).toBe('date')
    expect(card('11015019491231002X')).toBe('check')
  })

  it('says what is wrong with it', () => {
    expect(card('')).toBe('missing')
    expect(card('1101051949')).toBe('length')
    expect(card(`${GOOD}1`)).toBe('length')
    expect(card('110105A')).toBe('signs')
    expect(card('990105194912310021')).toBe('province')
    expect(card('110105194902300021')).toBe('date')
    expect(card('110105202712310023')).toBe('date')
    expect(card('110105194912310021')).toBe('check')
  })

  it('may be one of the old kind with 15 digits, which the server fills up', () => {
    expect(card('110105491231002')).toBe('')
    expect(card('11010549123100X')).toBe('length')
  })
})

describe('a number of another document', () => {
  it('has no check digit', () => {
    expect(idFault('passport', 'e1234567', TODAY)).toBe('')
    expect(idFault('passport', 'e1', TODAY)).toBe('signs')
  })

  it('of unknown kind is checked when it looks like an ID card', () => {
    expect(anyIdFault('H12345678', TODAY)).toBe('')
    expect(anyIdFault('110105194912310021', TODAY)).toBe('check')
    expect(bareId(' h1 2 ')).toBe('H12')
  })
})

/** The strings of a tuple in a Python file. */
function tuple(source: string, name: string): string[] {
  const body = source.match(new RegExp(`^${name}: Final = \\(([^)]*)\\)`, 'm'))?.[1] ?? ''
  return [...body.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '')
}

describe('the twins of the server', () => {
  it('have its dictionaries', () => {
    const dictionaries = python('dictionaries.py')
    expect([...PROVINCES]).toEqual(tuple(dictionaries, 'PROVINCES'))
    expect([...TITLES]).toEqual(tuple(dictionaries, 'TITLES'))
    expect([...ID_TYPES]).toEqual(tuple(dictionaries, 'ID_TYPES'))
  })

  it('have its version of the service agreement and its length of passwords', () => {
    const phone = python('phone.py')
    expect(phone).toContain(`TERMS_VERSION: Final = "${TERMS_VERSION}"`)
    expect(phone).toContain(`PASSWORD_MIN: Final = ${PASSWORD_MIN}`)
    expect(phone).toContain(`PASSWORD_MAX: Final = ${PASSWORD_MAX}`)
  })
})
