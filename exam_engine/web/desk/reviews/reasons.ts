/** Reasons: how long they are, and the sentences a reviewer would otherwise type again and again. */

export const REASON_CHARS_MIN = 5
export const REASON_CHARS_MAX = 500

export type ReasonFault = 'too_short' | 'too_long'

/** Counted as the server counts: characters, without the blanks around. */
export function reasonFault(reason: string): ReasonFault | null {
  const count = [...reason.trim()].length
  if (count < REASON_CHARS_MIN) return 'too_short'
  return count > REASON_CHARS_MAX ? 'too_long' : null
}

const RETURN: Record<string, readonly string[]> = {
  profile: ['photo', 'scan_unclear', 'scan_missing', 'licence_differs', 'title_differs', 'specialty'],
  evaluation: ['evidence_missing', 'evidence_unclear', 'record_wrong', 'report_empty', 'notes_empty'],
  exemption: ['certificate_unclear', 'certificate_missing', 'date_differs'],
  deferral: ['proof_missing', 'explanation_short'],
  change: ['proof_missing', 'licence_differs'],
}
const REFUSE: Record<string, readonly string[]> = {
  profile: ['not_due', 'not_registered_here'],
  exemption: ['outside_cycle', 'not_accepted'],
  deferral: ['no_good_reason'],
  change: ['not_as_registered'],
}

/** The names of the templates that fit, under `review.template.<act>`. */
export function templatesOf(act: string, subject: string): readonly string[] {
  if (act === 'return') return RETURN[subject] ?? []
  return act === 'refuse' ? (REFUSE[subject] ?? []) : []
}

/** A template added to what is written already; one that is there is not added again. */
export function withTemplate(text: string, template: string): string {
  if (text.includes(template)) return text
  const before = text.trimEnd()
  return before === '' ? template : `${before}\n${template}`
}
