/**
 * A form and what was filled in, as lines to read: words instead of codes, what changed since the last return, what the
 * system noticed. Left out are fields that were not asked, and notes and ticks that were left empty.
 */

import type { Complaint, DocumentView, FormField, FormShape, ReviewChange, ReviewDetail } from '../wire'

export interface Words {
  t: (key: string, named: Record<string, unknown>) => string
  te: (key: string) => boolean
}

export type Values = Readonly<Record<string, unknown>>

export interface Line {
  code: string
  label: string
  /** '' when empty. */
  text: string
  long: boolean
  /** Nothing to read when it is empty. */
  brief: boolean
  /** Document ids. */
  files: readonly number[]
  photo: number | null
  /** A table of lines, for rows of a form. */
  rows: readonly (readonly Line[])[]
  /** What stood there when it was handed in before; null: unchanged. */
  before: Before | null
  problems: readonly Complaint[]
}

export interface Before {
  text: string
  files: readonly number[]
  rows: readonly (readonly Line[])[]
}

export interface Part {
  code: string
  title: string
  lines: readonly Line[]
}

export interface Source {
  form: FormShape
  values: Values
  shown: Readonly<Record<string, string>>
  changes: readonly ReviewChange[]
  problems: readonly Complaint[]
}

export function sourceOf(detail: ReviewDetail): Source {
  const { form, values, shown, changes, problems } = detail
  return { form, values, shown, changes, problems }
}

/** The parts of a form, for reading. */
export function partsOf(source: Source, words: Words): Part[] {
  const { form } = source
  const parts = form.sections.map((section) => ({
    code: section.code,
    title: firstOf(words, [`reg.section.${form.code}.${section.code}`], section.code),
    lines: section.fields
      .filter((field) => applies(field, source.values) || source.changes.some((each) => each.field === field.code))
      .map((field) => topLine(field, source, words))
      .filter((line) => !line.brief || line.text !== '' || line.before !== null || line.problems.length > 0),
  }))
  return parts.filter((part) => part.lines.length > 0)
}

function topLine(field: FormField, source: Source, words: Words): Line {
  const { form, values, shown } = source
  const value = field.kind === 'shown' ? shown[field.code] : values[field.code]
  const change = source.changes.find((each) => each.field === field.code)
  const read = lineOf(field, value, form.code, '', words)
  const old = change === undefined ? null : lineOf(field, change.before, form.code, '', words)
  const before = old === null ? null : { text: old.text, files: old.files, rows: old.rows }
  return { ...read, before, problems: source.problems.filter((each) => each.field.split('.')[0] === field.code) }
}

function lineOf(field: FormField, value: unknown, form: string, rows: string, words: Words): Line {
  const line: Line = {
    code: field.code,
    label: fieldLabel(words, form, field.code, rows),
    text: '',
    long: field.kind === 'long',
    brief: field.kind === 'long' || field.kind === 'tick',
    files: [],
    photo: null,
    rows: [],
    before: null,
    problems: [],
  }
  if (value === null || value === undefined || value === '') return line
  switch (field.kind) {
    case 'files':
      return { ...line, files: numbers(value) }
    case 'photo':
      return typeof value === 'number' ? { ...line, files: [value], photo: value } : line
    case 'rows':
      return { ...line, rows: rowsOf(field, value, form, words) }
    case 'yesno':
      return { ...line, text: words.t(value === true ? 'review.yes' : 'review.no', {}) }
    case 'tick':
      return { ...line, text: value === true ? words.t('review.ticked', {}) : '' }
    default:
      return { ...line, text: optionLabel(words, field.options ?? '', String(value)) }
  }
}

function rowsOf(field: FormField, value: unknown, form: string, words: Words): Line[][] {
  if (!Array.isArray(value)) return []
  return value.filter(isValues).map((row) =>
    (field.fields ?? [])
      .filter((inner) => applies(inner, row))
      .map((inner) => lineOf(inner, row[inner.code], form, field.code, words)),
  )
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((each): each is number => typeof each === 'number') : []
}

/** As the server decides it: a field that hangs on another's value is not asked with any other. */
export function applies(field: FormField, values: Values): boolean {
  if (field.only_if === undefined || field.only_if === null) return true
  const [code, wanted] = field.only_if as [string, string]
  const value = values[code]
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') === wanted : value === wanted
}

function firstOf(words: Words, keys: readonly string[], otherwise: string, named: Record<string, unknown> = {}): string {
  const key = keys.find((each) => words.te(each))
  return key === undefined ? otherwise : words.t(key, named)
}

/** The name of a field; of one that comes once a year (ethics_2024) with its year. */
export function fieldLabel(words: Words, form: string, code: string, rows = ''): string {
  const yearly = /^(.+)_(\d{4})$/.exec(code)
  const inner = rows === '' ? [] : [`reg.field.${form}.${rows}.${code}`]
  const keys = [...inner, `reg.field.${form}.${code}.rows`, `reg.field.${form}.${code}`]
  if (yearly !== null) keys.push(`reg.field.${form}.${yearly[1]}_year`)
  return firstOf(words, keys, code, { year: yearly?.[2] ?? '' })
}

/** The server has no language: it calls a photo "photo". */
export function documentTitle(document: Pick<DocumentView, 'title'>, words: Words): string {
  return document.title === 'photo' ? fieldLabel(words, 'profile', 'photo') : document.title
}

export function optionLabel(words: Words, dictionary: string, code: string): string {
  return dictionary === '' ? code : firstOf(words, [`reg.option.${dictionary}.${code}`], code)
}

/** A state in few words: that of an evaluation that was passed is a whole sentence elsewhere. */
export function stateShort(words: Words, subject: string, state: string): string {
  return firstOf(words, [`reg.status.${subject}.${state}`, `reg.state.${subject}.${state}`], state)
}

/** What the system says of a value; facts that are codes are put in words. */
export function complaintText(words: Words, form: string, complaint: Complaint): string {
  const facts: Record<string, unknown> = { ...complaint.facts }
  if (typeof facts['field'] === 'string') facts['field'] = fieldLabel(words, form, facts['field'])
  if (typeof facts['level'] === 'string') facts['level'] = optionLabel(words, 'record_level', facts['level'])
  return firstOf(words, [`reg.complaint.${complaint.code}`], complaint.code, facts)
}

/** Where a complaint belongs to, for those of rows: the number of the row and the field in it. */
export function placeOf(words: Words, form: string, complaint: Complaint): string {
  const [rows = '', at, inner] = complaint.field.split('.')
  if (at === undefined || inner === undefined) return ''
  return words.t('review.row_no', { n: Number(at) + 1, field: fieldLabel(words, form, inner, rows) })
}

/** The document ids of a form in its order, each with the name of the field that holds it. */
export function filesIn(parts: readonly Part[]): Map<number, string> {
  const found = new Map<number, string>()
  const take = (line: Line, outer: string): void => {
    for (const id of line.files) if (!found.has(id)) found.set(id, outer === '' ? line.label : `${outer} · ${line.label}`)
    line.rows.forEach((row, at) => row.forEach((inner) => take(inner, `${line.label} ${at + 1}`)))
  }
  for (const part of parts) for (const line of part.lines) take(line, '')
  return found
}

/** The documents that were not there when it was handed in before. Nothing was handed in before: none is new. */
export function newFiles(parts: readonly Part[]): Set<number> {
  const found = new Set<number>()
  for (const part of parts) {
    for (const line of part.lines) {
      if (line.before === null) continue
      const before = new Set([...line.before.files, ...line.before.rows.flat().flatMap((each) => each.files)])
      for (const id of [...line.files, ...line.rows.flat().flatMap((each) => each.files)]) {
        if (!before.has(id)) found.add(id)
      }
    }
  }
  return found
}

/** How many values differ from what was handed in before. */
export function changedIn(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.lines.filter((line) => line.before !== null).length, 0)
}

export interface Compared {
  code: string
  label: string
  given: string
  registered: string
  same: boolean
}

/** The registry's row beside what was filled in; a value that isn't in this form is only shown. */
export function comparedTo(registry: Readonly<Record<string, string>>, source: Source, words: Words): Compared[] {
  const fields = new Map(source.form.sections.flatMap((section) => section.fields).map((field) => [field.code, field]))
  return Object.entries(registry)
    .filter(([, value]) => value !== '')
    .map(([registered, value]) => {
      const code = FIELD_OF[registered] ?? registered
      const field = fields.get(code)
      const raw = field?.kind === 'shown' ? source.shown[code] : source.values[code]
      const dictionary = field?.options ?? DICTIONARY[code] ?? ''
      return {
        code,
        label: fieldLabel(words, 'profile', code),
        given: raw === undefined || raw === null ? '' : optionLabel(words, dictionary, String(raw)),
        registered: optionLabel(words, dictionary, value),
        same: raw === undefined || raw === null || String(raw).toUpperCase() === value.toUpperCase(),
      }
    })
}

/** The registry's names of fields, where the form has another. */
const FIELD_OF: Record<string, string> = { practice_place: 'institution' }

const DICTIONARY: Record<string, string> = {
  sex: 'sex',
  level: 'level',
  category: 'category',
  specialty: 'specialty',
  title: 'title',
}
