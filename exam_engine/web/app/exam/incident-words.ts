/** What was noted, in the page's language: the twin of the texts in proctor/rules.py, which the server sends too. */
import type { NoticeView, OwnIncident, Watching } from '@shared/shapes'

export interface Words {
  t: (key: string, named: Record<string, unknown>) => string
  te: (key: string) => boolean
}

interface Noted {
  rule: string
  ordinal: number
  level: number
  for_ms?: number
}

/** The sentence for something noted, or null when this page has none; `watching` knows the limits some of them name. */
export function sentenceOf(words: Words, noted: Noted, watching: Watching | null): string | null {
  const key = `app.incident.${noted.rule}.l${noted.level}`
  if (!words.te(key)) return null
  const needsLimits = noted.rule === 'left_page' && noted.level > 1
  if (needsLimits && !watching) return null
  const force = watching?.leaves_force ?? false
  return words.t(key, {
    ordinal: noted.ordinal,
    max: watching?.leaves_max ?? 0,
    seconds: Math.floor((noted.for_ms ?? 0) / 1000) || (watching?.camera_warn_s ?? 0),
    then: words.t(`app.incident.${force ? 'thenForce' : 'thenCheck'}`, {}),
    done: words.t(`app.incident.${force ? 'doneForce' : 'doneCheck'}`, {}),
  })
}

/** A notice of a rule ("left_page:3:2") in the page's language; of a person, or of a newer server, as it came. */
export function noticeText(words: Words, notice: Pick<NoticeView, 'rule' | 'text'>, watching: Watching | null): string {
  const [rule = '', ordinal = '1', level = '2'] = notice.rule.split(':')
  if (!rule) return notice.text
  return sentenceOf(words, { rule, ordinal: Number(ordinal), level: Number(level) }, watching) ?? notice.text
}

/** The name of a rule, for lists; what a person noted carries his own words. */
export function nameOf(words: Words, incident: Pick<OwnIncident, 'rule' | 'text'>): string {
  const key = `app.incident.${incident.rule}.name`
  return words.te(key) ? words.t(key, {}) : incident.text
}

/** The calm note about something of level 1, or null where nothing is to be said. */
export function noteOf(words: Words, incident: OwnIncident, leaves: number, watching: Watching | null): string | null {
  if (incident.level !== 1 || !incident.text) return null
  const said = sentenceOf(words, incident, watching) ?? incident.text
  if (incident.rule !== 'left_page' || !watching) return said
  return `${said}${words.t('app.incident.leavesLeft', { n: Math.max(0, watching.leaves_max - leaves) })}`
}
