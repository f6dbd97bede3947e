/** Instants of a log and a receipt: to the second, in China's time wherever the phone is. */
const ZONE = 'Asia/Shanghai'

const written = (iso: string, locale: string, style: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(locale, { timeZone: ZONE, hour12: false, ...style }).format(new Date(iso))

export const clockTime = (iso: string, locale: string): string => written(iso, locale, { timeStyle: 'medium' })

export const dayOf = (iso: string, locale: string): string => written(iso, locale, { dateStyle: 'long' })

export const toTheSecond = (iso: string, locale: string): string =>
  written(iso, locale, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
