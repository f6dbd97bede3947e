/**
 * The queue of this tab. It belongs to no page: whoever opens a file and comes back finds the list where it was, and the
 * file's page goes from one to the next by it.
 */

import type { Message } from '@shared/inbox'
import { asProblem, type Problem } from '@shared/problem'
import { readonly, ref, shallowRef } from 'vue'
import type { ReviewPage, StateCount } from '../wire'
import { askedOf, type QueueFilter } from './filters'
import { reviewHttp } from './http'
import { extended, type Held, looked, moved, NOTHING, refreshed } from './listing'
import { concerns, newsIn } from './news'

const held = shallowRef<Held>(NOTHING)
const loaded = ref(false)
const loadingMore = ref(false)
const problem = shallowRef<Problem | null>(null)
const counts = shallowRef<readonly StateCount[]>([])
const waiting = ref(0)
const cursor = ref<number | null>(null)
/** Something came that is not in the list yet: rows do not move under the eyes of who reads them. */
const news = ref(false)
/** Files passed over or decided in this walk. */
const passed = shallowRef<ReadonlySet<number>>(new Set())
let filter: QueueFilter | null = null
let question = 0 // an answer to a filter that was left meanwhile is nobody's

function aim(next: QueueFilter): void {
  if (filter !== null && JSON.stringify(filter) === JSON.stringify(next)) return
  filter = next
  question += 1
  held.value = NOTHING
  loaded.value = false
  cursor.value = null
  passed.value = new Set()
  news.value = false
}

function taken(page: ReviewPage): void {
  if (held.value.pages <= 1) news.value = false
  held.value = refreshed(held.value, page)
}

async function ask(after: string | null, take: (page: ReviewPage) => void): Promise<void> {
  if (filter === null) return
  const mine = question
  try {
    const page = await reviewHttp.page(askedOf(filter, after))
    if (mine !== question) return
    take(page)
    loaded.value = true
    problem.value = null
  } catch (error) {
    if (mine === question) problem.value = asProblem(error)
  }
}

/** Read the head of the list again. */
function load(): Promise<void> {
  return ask(null, taken)
}

/** Look whether the head of the list is another now; nobody asked for it, so no row is put above others. */
function look(): Promise<void> {
  return ask(null, (page) => {
    const now = looked(held.value, page)
    held.value = now.held
    if (now.news) news.value = true
  })
}

/** A message came in. */
function hear(message: Pick<Message, 'code' | 'facts'>): void {
  const what = newsIn(message)
  if (what === null) return
  void count()
  if (what === 'moving' || filter === null || !loaded.value || !concerns(message, filter)) return
  if (held.value.rows.length === 0) void load()
  else news.value = true
}

/** The list from its head, as if it were opened for the first time. */
async function restart(): Promise<void> {
  held.value = { ...held.value, pages: Math.min(held.value.pages, 1) }
  passed.value = new Set()
  await load()
}

async function more(): Promise<void> {
  if (loadingMore.value || held.value.next === null) return
  loadingMore.value = true
  await ask(held.value.next, (page) => (held.value = extended(held.value, page)))
  loadingMore.value = false
}

async function count(): Promise<void> {
  try {
    const answer = await reviewHttp.counts()
    counts.value = answer.counts
    waiting.value = answer.waiting
  } catch {
    // Figures beside the list: the list itself says what is wrong.
  }
}

function pass(fileId: number): void {
  passed.value = new Set([...passed.value, fileId])
}

function unpass(fileId: number): void {
  passed.value = new Set([...passed.value].filter((each) => each !== fileId))
}

/** A file was decided on this page. */
function decided(fileId: number, state: string, version: number): void {
  held.value = moved(held.value, fileId, state, version)
  pass(fileId)
  waiting.value = Math.max(0, waiting.value - 1)
}

/** Whoever logs in next on this desk finds nothing of what the one before saw. */
export function forgetQueue(): void {
  filter = null
  question += 1
  held.value = NOTHING
  loaded.value = false
  counts.value = []
  waiting.value = 0
  cursor.value = null
  passed.value = new Set()
  problem.value = null
  news.value = false
}

const queue = {
  held: readonly(held) as typeof held,
  loaded: readonly(loaded),
  loadingMore: readonly(loadingMore),
  problem,
  counts: readonly(counts) as typeof counts,
  waiting: readonly(waiting),
  cursor,
  passed: readonly(passed) as typeof passed,
  news: readonly(news),
  aim,
  load,
  look,
  hear,
  restart,
  more,
  count,
  pass,
  unpass,
  decided,
}

export type ReviewQueue = typeof queue

export function useQueue(): ReviewQueue {
  return queue
}
