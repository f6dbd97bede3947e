/** What is missing or malformed, said while one types: the twin of exam_engine/registration/forms.py. */
import { readDate } from './dates'
import type { Complaint, Field, Form, Section, Value, Values } from './shapes'

/** What this file finds by itself; of the server's complaints with these codes ours are the newer ones. */
export const FOUND_HERE = new Set([
  'missing',
  'not_a_choice',
  'not_a_date',
  'too_short',
  'too_long',
  'wrong_format',
  'out_of_range',
])
const TEXT_MAX = 100

export const isEmpty = (value: Value): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

/** The length of a long text as it is counted: without blanks, by signs and not by halves of them. */
export const signs = (text: string): number => [...text.replace(/\s+/g, '')].length

export function applies(field: Field, values: Values): boolean {
  if (!field.only_if) return true
  const [code, wanted] = field.only_if
  const value = values[code]
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') === wanted : value === wanted
}

export const complaints = (form: Form, values: Values): Complaint[] =>
  form.sections.flatMap((section) => complaintsOf(section, values))

export const complaintsOf = (section: Section, values: Values): Complaint[] =>
  section.fields.filter((field) => applies(field, values)).flatMap((field) => look(field, values[field.code], field.code))

function look(field: Field, value: Value, where: string): Complaint[] {
  if (field.kind === 'shown') return []
  if (isEmpty(value) || (field.kind === 'tick' && value === false)) {
    return field.required ? [{ field: where, code: 'missing' }] : []
  }
  if (field.kind === 'rows') return rows(field, value as Values[], where)
  const found = lookAt(field, value)
  return found ? [{ field: where, ...found }] : []
}

type Found = Pick<Complaint, 'code' | 'facts'> | null

function lookAt(field: Field, value: Value): Found {
  switch (field.kind) {
    case 'text':
    case 'long':
      return lookAtText(field, String(value))
    case 'choice':
      return field.choices?.includes(String(value)) ? null : { code: 'not_a_choice' }
    case 'date':
      return readDate(String(value)) ? null : { code: 'not_a_date' }
    case 'number':
      return lookAtNumber(field, Number(value))
    default:
      return null
  }
}

function rows(field: Field, all: Values[], where: string): Complaint[] {
  return all.flatMap((row, n) =>
    (field.fields ?? [])
      .filter((inner) => applies(inner, row))
      .flatMap((inner) => look(inner, row[inner.code], `${where}.${n}.${inner.code}`)),
  )
}

function lookAtText(field: Field, text: string): Found {
  const length = field.kind === 'long' ? signs(text) : [...text.trim()].length
  const [min, max] = [field.length_min ?? 0, field.length_max ?? TEXT_MAX]
  if (length < min) return { code: 'too_short', facts: { min, length } }
  if (length > max) return { code: 'too_long', facts: { max, length } }
  const matches = !field.pattern || new RegExp(`^(?:${field.pattern})$`, 'u').test(text.trim())
  return matches ? null : { code: 'wrong_format' }
}

function lookAtNumber(field: Field, value: number): Found {
  const [min, max] = [field.minimum ?? -Infinity, field.maximum ?? Infinity]
  return value < min || value > max ? { code: 'out_of_range', facts: { min, max } } : null
}

/** How much of what is asked for has been filled in rightly. */
export function progress(section: Section, values: Values, wrong: readonly Complaint[]): { filled: number; all: number } {
  const asked = section.fields.filter((field) => field.required && field.kind !== 'shown' && applies(field, values))
  const bad = new Set(wrong.filter((one) => !one.soft).map((one) => one.field.split('.')[0]))
  return { filled: asked.filter((field) => !bad.has(field.code)).length, all: asked.length }
}

/** The section a complaint belongs to; what names no field belongs to the first. */
export function sectionOf(form: Form, path: string): number {
  const code = path.split('.')[0]
  return Math.max(0, form.sections.findIndex((section) => section.fields.some((field) => field.code === code)))
}
