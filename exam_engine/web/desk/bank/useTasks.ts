/** What waits for this account in the bank: for the tabs. One light question a minute, and after each act. */

import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { bankHttp } from './http'
import type { BankTasks } from './shapes'

const REFRESH_MS = 60_000
const tasks = shallowRef<BankTasks | null>(null)
const users = ref(0)

export async function askTasks(): Promise<void> {
  try {
    tasks.value = await bankHttp.tasks()
  } catch {
    // a number beside a tab: without it the tabs still lead where they lead
  }
}

export function useTasks() {
  users.value += 1
  void askTasks()
  const timer = setInterval(() => document.visibilityState === 'visible' && void askTasks(), REFRESH_MS)
  onScopeDispose(() => {
    users.value -= 1
    clearInterval(timer)
    if (users.value === 0) tasks.value = null
  })
  return computed(() => tasks.value)
}
