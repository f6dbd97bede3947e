/** Days as one types them. */

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/

/** Whether a text is a day of the calendar, `YYYY-MM-DD`. */
export function readDate(text: string): boolean {
  const [, year, month, day] = DAY.exec(text)?.map(Number) ?? []
  if (!year || !month || !day) return false
  const at = new Date(0)
  at.setUTCFullYear(year, month - 1, day) // Date.UTC takes the years before 100 for those of the last century
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day
}

const PLAIN = /^(\d{5,8}|\d{4}-\d{1,4}|\d{4}-\d{2}-\d{0,2})$/

/** While digits are typed one after the other, the dashes come by themselves; anything else is left as it is. */
export function grouped(text: string): string {
  if (!PLAIN.test(text) || /^\d{4}-\d{2}-$/.test(text)) return text
  const digits = text.replace(/-/g, '').slice(0, 8)
  return [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6)].filter(Boolean).join('-')
}

/** What somebody meant, once he has left the field: 1998年7月1日, 1998/7/1, １９９８-07-01. */
export function tidied(text: string): string {
  const plain = text.normalize('NFKC').trim()
  const parts = /^(\d{4})\D+(\d{1,2})\D+(\d{1,2})\D?$/.exec(plain) ?? /^(\d{4})(\d{2})(\d{2})$/.exec(plain)
  if (!parts) return plain
  const [, year = '', month = '', day = ''] = parts
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
}
