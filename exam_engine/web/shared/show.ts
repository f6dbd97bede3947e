/** How instants and lengths are written. Instants come as UTC and are shown in China's time, wherever the phone is. */

const ZONE = 'Asia/Shanghai'

const pad = (n: number): string => String(n).padStart(2, '0')

/** mm:ss, and h:mm:ss from one hour up. Rounded up, so that 00:00 is shown only when nothing is left. */
export function mmss(ms: number): string {
  const total = Math.ceil(Math.max(0, ms) / 1000)
  const hours = Math.floor(total / 3600)
  const rest = `${pad(Math.floor((total % 3600) / 60))}:${pad(total % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest
}

export function instant(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, {
    timeZone: ZONE,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  }).format(new Date(iso))
}

/** Letters are drawn by position: the first option is A, whatever its id. */
export const letterAt = (index: number): string => String.fromCharCode(65 + index)
