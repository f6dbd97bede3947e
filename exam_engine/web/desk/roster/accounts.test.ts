import { describe, expect, it } from 'vitest'
import { asCsv, checksumFits, cleanId, filterFrom, newFault, queryOf, sheetFault } from './accounts'

const form = { name: '测试甲', idNumber: '11010519000101001X', department: '', institutionId: null }

describe('a new account', () => {
  it('has a name and a number; of a province an institution too', () => {
    expect(newFault({ ...form, name: ' ' }, false)).toBe('name')
    expect(newFault({ ...form, idNumber: '12' }, false)).toBe('id_number')
    expect(newFault(form, true)).toBe('institution')
    expect(newFault({ ...form, institutionId: 3 }, true)).toBe(newFault(form, false))
  })

  it('with an 18-digit number is checked by its last sign (GB 11643)', () => {
    const digits = '1101051900010100'
    const right = [...'0123456789X'].map((last) => `${digits}1${last}`).filter(checksumFits)
    expect(right).toHaveLength(1)
    expect(newFault({ ...form, idNumber: right[0]! }, false)).toBeNull()
    const wrong = `${digits}1${right[0]!.endsWith('0') ? '1' : '0'}`
    expect(newFault({ ...form, idNumber: wrong }, false)).toBe('checksum')
  })

  it('with another document has no checksum', () => {
    expect(newFault({ ...form, idNumber: 'h1234567' }, false)).toBeNull()
    expect(cleanId(' h12 34567 ')).toBe('H1234567')
  })
})

it('the filters come back from the address as they went there', () => {
  expect(filterFrom(queryOf({ q: '01X', state: 'bound' }))).toEqual({ q: '01X', state: 'bound' })
  expect(filterFrom({ q: 3, state: 'gone' })).toEqual({ q: '', state: '' })
  expect(queryOf({ q: '', state: '' })).toEqual({})
})

it('a file for the import is a spreadsheet that is not empty and not too large', () => {
  expect(sheetFault({ name: '名单.XLSX', size: 10 })).toBeNull()
  expect(sheetFault({ name: 'a.csv', size: 10 })).toBeNull()
  expect(sheetFault({ name: 'a.xls', size: 10 })).toBe('not_a_sheet')
  expect(sheetFault({ name: 'a.xlsx', size: 0 })).toBe('empty_file')
  expect(sheetFault({ name: 'a.xlsx', size: 10 * 1024 * 1024 + 1 })).toBe('too_large')
})

it('the report is a table without formulas', () => {
  const text = asCsv([{ row: 7, column: '=cmd,"x"', code: 'twice' }], {
    head: ['行', '列', '问题'],
    why: (problem) => problem.code,
  })
  expect(text).toBe('\ufeff行,列,问题\r\n7,"\'=cmd,""x""",twice\r\n')
})
