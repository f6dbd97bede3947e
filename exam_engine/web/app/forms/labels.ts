/** Words of a form by code: its fields, options and complaints (words/<locale>/reg.json). The desk uses them too. */
import type { Complaint, Field } from './shapes'

export interface Words {
  t: (key: string, named?: Record<string, unknown>) => string
  te: (key: string) => boolean
}

/** The label of a field; of rows as a whole it stands beside those of what is in them. */
export function fieldLabel(words: Words, form: string, code: string): string {
  const year = /^ethics_(\d{4})$/.exec(code)?.[1]
  if (year) return words.t('reg.field.evaluation.ethics_year', { year })
  const key = `reg.field.${form}.${code}`
  if (words.te(key)) return words.t(key)
  return words.te(`${key}.rows`) ? words.t(`${key}.rows`) : code
}

/** `good.2.date`: of which row, and what of it. */
export function pathLabel(words: Words, form: string, path: string): string {
  const [code = '', row, inner] = path.split('.')
  if (row === undefined || inner === undefined) return fieldLabel(words, form, code)
  const n = words.t('reg.form.row', { n: Number(row) + 1 })
  return `${fieldLabel(words, form, code)} · ${n} · ${fieldLabel(words, form, `${code}.${inner}`)}`
}

export function optionLabel(words: Words, dictionary: string, code: string): string {
  const key = `reg.option.${dictionary}.${code}`
  return words.te(key) ? words.t(key) : code
}

export function complaintText(words: Words, form: string, complaint: Complaint): string {
  const key = `reg.complaint.${complaint.code}`
  if (!words.te(key)) return words.t('reg.complaint.unknown', { code: complaint.code })
  return words.t(key, spoken(words, form, complaint.facts ?? {}))
}

/** Facts that are codes themselves. */
function spoken(words: Words, form: string, facts: Record<string, string | number>): Record<string, string | number> {
  const said = { ...facts }
  if (typeof said['field'] === 'string') said['field'] = fieldLabel(words, form, said['field'])
  if (typeof said['level'] === 'string') said['level'] = optionLabel(words, 'record_level', said['level'])
  return said
}

/** A value as one reads it; files and photos are shown, not said. */
export function valueText(words: Words, field: Field, value: unknown): string {
  if (value === null || value === undefined || value === '') return ''
  if (typeof value === 'boolean') return words.t(value ? 'reg.form.yes' : 'reg.form.no')
  if (field.options && typeof value === 'string') return optionLabel(words, field.options, value)
  if (Array.isArray(value)) return String(value.length)
  return String(value)
}
