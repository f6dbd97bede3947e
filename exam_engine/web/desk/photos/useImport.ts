/**
 * The import of this tab. It belongs to no page: whoever looks at something else meanwhile finds it again, and a reload
 * finds the report of what the server has.
 */

import { forget, recall, remember } from '@shared/keep'
import { asProblem, Problem } from '@shared/problem'
import { type Ref, ref, shallowRef, watch } from 'vue'
import type { Upload } from '../parts/upload'
import { me } from '../session'
import type { PhotoImport } from '../wire'
import { photoHttp, sendPhotos } from './http'
import { afterAnswer, askAfterMs, type ImportState, retryAfterMs } from './importing'

const state = shallowRef<ImportState>({ step: 'idle' })
/** Questions in a row nobody answered. */
const failures = ref(0)
let running: Upload<PhotoImport> | null = null
let timer: ReturnType<typeof setTimeout> | null = null
let run = 0 // whatever belongs to an earlier one is dropped

function jobKey(): string {
  return `photo-import.${me.value?.account_id ?? 0}`
}

function reset(): void {
  run += 1
  running?.cancel()
  running = null
  if (timer !== null) clearTimeout(timer)
  timer = null
  failures.value = 0
  state.value = { step: 'idle' }
}

async function send(file: File): Promise<void> {
  reset()
  const mine = run
  state.value = { step: 'sending', name: file.name, sent: 0, bytes: file.size }
  running = sendPhotos(file, (sent) => {
    if (mine === run) state.value = { step: 'sending', name: file.name, sent, bytes: file.size }
  })
  try {
    const job = await running.done
    if (mine !== run) return
    remember(jobKey(), job.import_id, 'tab')
    follow(afterAnswer(job), job.import_id, mine)
  } catch (error) {
    const problem = asProblem(error)
    if (mine === run) state.value = problem.code === 'upload_cancelled' ? { step: 'idle' } : { step: 'failed', problem }
  } finally {
    if (mine === run) running = null
  }
}

function follow(next: ImportState, importId: string, mine: number): void {
  state.value = next
  if (next.step === 'working') timer = setTimeout(() => void ask(importId, mine), askAfterMs(next.job))
}

async function ask(importId: string, mine: number): Promise<void> {
  try {
    const job = await photoHttp.seeImport(importId)
    if (mine !== run) return
    failures.value = 0
    follow(afterAnswer(job), importId, mine)
  } catch (error) {
    if (mine !== run) return
    const problem = asProblem(error)
    // The server works on whether or not this page hears it; only a clear no ends the waiting.
    if (problem.passing) timer = setTimeout(() => void ask(importId, mine), retryAfterMs(failures.value++))
    else fail(problem)
  }
}

function fail(problem: Problem): void {
  forget(jobKey(), 'tab')
  state.value = problem.status === 404 ? { step: 'idle' } : { step: 'failed', problem }
}

function startOver(): void {
  forget(jobKey(), 'tab')
  reset()
}

/** After a reload: what the server is doing, or did, with the last file of this tab. */
function resume(): void {
  const importId = recall(jobKey(), 'tab')
  if (state.value.step === 'idle' && importId !== null) void ask(importId, run)
}

watch(me, (who, was) => {
  if (who?.account_id !== was?.account_id) reset()
})

export interface PhotoImporting {
  state: Ref<ImportState>
  failures: Ref<number>
  send(file: File): Promise<void>
  cancel(): void
  startOver(): void
}

export function useImport(): PhotoImporting {
  resume()
  return { state, failures, send, cancel: () => running?.cancel(), startOver }
}
