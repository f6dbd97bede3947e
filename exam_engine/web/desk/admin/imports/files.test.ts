import { expect, it } from 'vitest'
import { COLUMNS, fileFault, onWay, problemRows, SHEET_BYTES_MAX } from './files'

it('a file is a table, has something in it, and is not too large', () => {
  expect(fileFault({ name: '注册.XLSX', size: 10 })).toBeNull()
  expect(fileFault({ name: 'a.csv', size: SHEET_BYTES_MAX })).toBeNull()
  expect(fileFault({ name: 'a.xls', size: 10 })).toBe('not_a_sheet')
  expect(fileFault({ name: 'a.csv', size: 0 })).toBe('empty_file')
  expect(fileFault({ name: 'a.csv', size: SHEET_BYTES_MAX + 1 })).toBe('too_large')
})

it('on its way until all of it has gone, then being read', () => {
  expect(onWay('a.csv', 5, 10)).toEqual({ step: 'sending', name: 'a.csv', sent: 5, bytes: 10 })
  expect(onWay('a.csv', 10, 10)).toEqual({ step: 'reading', name: 'a.csv' })
})

it('the wrong rows become a table', () => {
  const rows = problemRows(['行', '列', '问题'], [{ row: 3, column: '姓名', code: 'missing' }], (code) => `<${code}>`)
  expect(rows).toEqual([
    ['行', '列', '问题'],
    [3, '姓名', '<missing>'],
  ])
})

it('no heading stands twice', () => {
  for (const columns of Object.values(COLUMNS)) {
    expect(new Set(columns.map((column) => column.heading)).size).toBe(columns.length)
  }
})
