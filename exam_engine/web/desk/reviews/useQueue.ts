/**
 * The queue of this tab. It belongs to no page: whoever opens a file and comes back finds the list where it was, and the
 * file's page goes from one to the next by it.
 */

import { asProblem, type Problem } from '@shared/problem'
import { readonly, ref, shallowRef } from 'vue'
import type { StateCount } from '../wire'
import { askedOf, type QueueFilter } from './filters'
import { reviewHttp } from './http'
import { extended, type Held, moved, NOTHING, refreshed } from './listing'

const held = shallowRef<Held>(NOTHING)
const loaded = ref(false)
const loadingMore = ref(false)
const problem = shallowRef<Problem | null>(null)
const counts = shallowRef<readonly StateCount[]>([])
const waiting = ref(0)
const cursor = ref<number | null>(null)
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
}

async function ask(after: string | null): Promise<void> {
  if (filter === null) return
  const mine = question
  try {
    const page = await reviewHttp.page(askedOf(filter, after))
    if (mine !== question) return
    held.value = after === null ? refreshed(held.value, page) : extended(held.value, page)
    loaded.value = true
    problem.value = null
  } catch (error) {
    if (mine === question) problem.value = asProblem(error)
  }
}

/** Read the head of the list again. */
function load(): Promise<void> {
  return ask(null)
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
  await ask(held.value.next)
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
  aim,
  load,
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
