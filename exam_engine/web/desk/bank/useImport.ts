/** The import of this tab: sent, read, confirmed, written. It belongs to no page: whoever comes back finds it where it was. */

import { asProblem, type Problem } from '@shared/problem'
import { type Ref, ref, shallowRef, watch } from 'vue'
import type { Upload } from '../parts/upload'
import { me } from '../session'
import { bankHttp, sendItems } from './http'
import { isGoing } from './importing'
import type { BankImport } from './shapes'

const POLL_MS = 700

export interface UsedImport {
  job: Ref<BankImport | null>
  /** A file on its way. */
  sending: Ref<{ name: string; bytes: number; sent: number } | null>
  busy: Ref<boolean>
  problem: Ref<Problem | null>
  send(pool: string, file: File, format: string): Promise<void>
  look(job: string): Promise<void>
  confirm(keepGood: boolean): Promise<void>
  drop(): Promise<void>
  cancel(): void
  startOver(): void
}

const job = shallowRef<BankImport | null>(null)
const sending = shallowRef<{ name: string; bytes: number; sent: number } | null>(null)
const busy = ref(false)
const problem = shallowRef<Problem | null>(null)
let running: Upload<BankImport> | null = null
let timer: ReturnType<typeof setTimeout> | undefined
let run = 0 // whatever belongs to an earlier import is dropped

function startOver(): void {
  run += 1
  clearTimeout(timer)
  running?.cancel()
  running = null
  sending.value = null
  job.value = null
  problem.value = null
}

function follow(found: BankImport, mine: number): void {
  if (mine !== run) return
  job.value = found
  clearTimeout(timer)
  if (isGoing(found)) timer = setTimeout(() => void poll(found.import_id, mine), POLL_MS)
}

async function poll(id: string, mine: number): Promise<void> {
  try {
    follow(await bankHttp.import(id), mine)
    if (mine === run) problem.value = null
  } catch (error) {
    if (mine !== run) return
    problem.value = asProblem(error)
    if (problem.value.passing) timer = setTimeout(() => void poll(id, mine), POLL_MS * 5)
  }
}

async function asking(call: (mine: number) => Promise<BankImport>): Promise<void> {
  const mine = run
  busy.value = true
  problem.value = null
  try {
    follow(await call(mine), mine)
  } catch (error) {
    if (mine === run) {
      const said = asProblem(error)
      problem.value = said.code === 'upload_cancelled' ? null : said
    }
  } finally {
    busy.value = false
  }
}

async function send(pool: string, file: File, format: string): Promise<void> {
  startOver()
  const { name, size: bytes } = file
  sending.value = { name, bytes, sent: 0 }
  running = sendItems(pool, file, format, (sent) => {
    if (sending.value !== null) sending.value = { name, bytes, sent }
  })
  const answer = running.done
  await asking(() => answer)
  sending.value = null
  running = null
}

async function look(id: string): Promise<void> {
  startOver()
  await asking(() => bankHttp.import(id))
}

const confirm = (keepGood: boolean): Promise<void> =>
  asking(() => bankHttp.confirm(job.value?.import_id ?? '', keepGood))

async function drop(): Promise<void> {
  const id = job.value?.import_id
  if (id === undefined) return
  await asking(() => bankHttp.drop(id))
  if (problem.value === null) startOver()
}

watch(
  () => me.value?.account_id,
  () => startOver(),
)

export function useImport(): UsedImport {
  return { job, sending, busy, problem, send, look, confirm, drop, cancel: startOver, startOver }
}
