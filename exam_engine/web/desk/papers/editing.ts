/** A blueprint as the editor holds it: every list is there, and what is empty is left out again when it is sent. */

import type { Blueprint, PaperSection, QuotaLine, TopicQuota } from './shapes'

export const GROUPS = ['A1', 'A2', 'A1/A2', 'A3', 'A4', 'A3/A4', 'B1', 'X'] as const

export interface QuotaDraft {
  topic: string
  min: number | null
  max: number | null
}
export interface CountDraft {
  group: string
  count: number
}
export interface SectionDraft {
  title: string
  types: CountDraft[]
  within: string
  source: '' | 'common' | 'own'
  topics: QuotaDraft[]
  points: number | null
}
export interface AudienceDraft {
  common: number
  own: number
  order: string[]
  times: number
  short: 'largest' | 'refuse'
}
export interface Draft {
  code: string
  pool: string
  types: CountDraft[]
  topics: QuotaDraft[]
  shares: [number, number, number] | null
  tolerance: number
  sections: SectionDraft[]
  audience: AudienceDraft | null
  expected: number | null
  /** Quotas of single specialties, which the editor keeps as they came. */
  ownTopics: Record<string, TopicQuota[]>
}

export const STEPS = ['specialty', 'category', 'common'] as const

export function emptyDraft(pool: string): Draft {
  return { code: '', pool, types: [{ group: 'A1', count: 50 }], topics: [], shares: [3, 5, 2], tolerance: 3, sections: [], audience: null, expected: null, ownTopics: {} }
}

const counts = (types: Record<string, number> | undefined): CountDraft[] => Object.entries(types ?? {}).map(([group, count]) => ({ group, count }))
const quota = (one: TopicQuota): QuotaDraft => ({ topic: one.topic, min: one.count ?? one.min ?? null, max: one.count ?? one.max ?? null })

export function draftOf(body: Blueprint): Draft {
  const audience = body.audience ?? null
  return {
    code: body.code,
    pool: body.pool,
    types: counts(body.types),
    topics: (body.topics ?? []).map(quota),
    shares: body.difficulty ? ([...body.difficulty.shares] as [number, number, number]) : null,
    tolerance: body.difficulty?.tolerance ?? 3,
    sections: (body.sections ?? []).map((part) => ({
      title: part.title,
      types: counts(part.types),
      within: (part.within ?? []).join(', '),
      source: (part.source ?? '') as SectionDraft['source'],
      topics: (part.topics ?? []).map(quota),
      points: part.points_per_item ?? null,
    })),
    audience: audience && {
      common: audience.common,
      own: audience.own,
      order: [...(audience.order ?? STEPS)],
      times: audience.times_min ?? 3,
      short: (audience.short ?? 'largest') as AudienceDraft['short'],
    },
    expected: body.expected ?? null,
    ownTopics: audience?.own_topics ?? {},
  }
}

function typesOf(list: readonly CountDraft[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { group, count } of list) if (count > 0) sums[group] = (sums[group] ?? 0) + count
  return sums
}

function topicsOf(list: readonly QuotaDraft[]): TopicQuota[] {
  return list
    .filter((one) => one.topic.trim() !== '')
    .map(({ topic, min, max }) => {
      const name = { topic: topic.trim() }
      if (min !== null && min === max) return { ...name, count: min }
      return { ...name, ...(min === null ? {} : { min }), ...(max === null ? {} : { max }) }
    })
}

const names = (text: string): string[] => text.split(/[,，、;；\n]+/).map((one) => one.trim()).filter(Boolean)

function sectionOf(part: SectionDraft): PaperSection {
  return {
    title: part.title.trim(),
    types: typesOf(part.types),
    ...(names(part.within).length ? { within: names(part.within) } : {}),
    ...(part.source ? { source: part.source } : {}),
    ...(topicsOf(part.topics).length ? { topics: topicsOf(part.topics) } : {}),
    ...(part.points === null ? {} : { points_per_item: part.points }),
  }
}

export const itemCount = (draft: Draft): number => {
  const lists = draft.sections.length ? draft.sections.map((part) => part.types) : [draft.types]
  return lists.flat().reduce((sum, one) => sum + Math.max(0, one.count || 0), 0)
}

export function bodyOf(draft: Draft): Blueprint {
  const { audience } = draft
  return {
    code: draft.code.trim(),
    pool: draft.pool,
    item_count: itemCount(draft),
    ...(draft.sections.length ? { sections: draft.sections.map(sectionOf) } : { types: typesOf(draft.types) }),
    ...(topicsOf(draft.topics).length ? { topics: topicsOf(draft.topics) } : {}),
    ...(draft.shares ? { difficulty: { shares: draft.shares, tolerance: draft.tolerance } } : {}),
    ...(audience
      ? { audience: { common: audience.common, own: audience.own, order: audience.order, times_min: audience.times, short: audience.short, ...(Object.keys(draft.ownTopics).length ? { own_topics: draft.ownTopics } : {}) } }
      : {}),
    ...(draft.expected === null ? {} : { expected: draft.expected }),
  }
}

/** The line of a rule, so that a quota can say beside itself how it stands. */
export function lineOf(lines: readonly QuotaLine[], rule: string, name: string, section = 0): QuotaLine | undefined {
  return lines.find((line) => line.rule === rule && line.section === section && (line.name === name || line.name.endsWith(` ${name}`)))
}
