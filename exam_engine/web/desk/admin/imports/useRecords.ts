/**
 * Imports of this tab. They belong to no page: whoever looks at something else meanwhile finds them again.
 */

import { asProblem } from '@shared/problem'
import { type Ref, shallowRef, watch } from 'vue'
import type { Upload } from '../../parts/upload'
import { me } from '../../session'
import { type Records, sendRecords } from '../http'
import type { ImportReport } from '../shapes'
import { onWay, type Sending } from './files'

export interface RecordsImport {
  state: Ref<Sending>
  send(file: File): Promise<void>
  cancel(): void
  startOver(): void
}

function make(records: Records): RecordsImport {
  const state = shallowRef<Sending>({ step: 'idle' })
  let running: Upload<ImportReport> | null = null
  let run = 0 // whatever belongs to an earlier one is dropped

  function startOver(): void {
    run += 1
    running?.cancel()
    running = null
    state.value = { step: 'idle' }
  }

  async function send(file: File): Promise<void> {
    startOver()
    const mine = run
    const { name, size } = file
    state.value = { step: 'sending', name, sent: 0, bytes: size }
    running = sendRecords(records, file, (sent) => {
      if (mine === run) state.value = onWay(name, sent, size)
    })
    try {
      const report = await running.done
      if (mine === run) state.value = { step: 'done', name, report }
    } catch (error) {
      if (mine === run) state.value = { step: 'failed', name, problem: asProblem(error) }
    } finally {
      if (mine === run) running = null
    }
  }
  return { state, send, cancel: startOver, startOver }
}

const held: Record<Records, RecordsImport> = { registry: make('registry'), conduct: make('conduct') }

watch(me, (who, was) => {
  if (who?.account_id !== was?.account_id) Object.values(held).forEach((one) => one.startOver())
})

export function useRecords(records: Records): RecordsImport {
  return held[records]
}
