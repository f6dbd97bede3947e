/** How the desk writes instants: China's time, wherever the desk stands, with seconds where seconds matter. */

const ZONE = 'Asia/Shanghai'

const formats = new Map<string, Intl.DateTimeFormat>()

function format(name: string, locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${name} ${locale}`
  const held = formats.get(key)
  if (held !== undefined) return held
  const made = new Intl.DateTimeFormat(locale, { timeZone: ZONE, hourCycle: 'h23', ...options })
  formats.set(key, made)
  return made
}

const TIME: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit' }
const DAY: Intl.DateTimeFormatOptions = { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' }
const STAMP: Intl.DateTimeFormatOptions = { month: '2-digit', day: '2-digit', ...TIME }

/** 09:05:07 */
export function clockTime(instant: number | string, locale: string): string {
  return format('time', locale, TIME).format(new Date(instant))
}

/** 11/22 09:05 */
export function dayTime(instant: number | string, locale: string): string {
  return format('day', locale, DAY).format(new Date(instant))
}

/** 11/22 09:05:07 */
export function stamp(instant: number | string, locale: string): string {
  return format('stamp', locale, STAMP).format(new Date(instant))
}
