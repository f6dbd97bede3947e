/** Who is logged in on this desk. The session itself is a cookie this page can't read. */

import { Problem } from '@shared/problem'
import { readonly, shallowRef } from 'vue'
import { http } from './http'
import type { Me } from './wire'

const held = shallowRef<Me | null>(null)
let asked = false

export const me = readonly(held)

/** Ask the server once per page who this is; afterwards what is known is used. */
export async function whoAmI(): Promise<Me | null> {
  if (asked) return held.value
  try {
    held.value = await http.me()
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error
    held.value = null
  }
  asked = true
  return held.value
}

export async function logIn(login: string, password: string): Promise<Me> {
  const who = await http.logIn(login, password)
  held.value = who
  asked = true
  return who
}

export async function logOut(): Promise<void> {
  try {
    await http.logOut()
  } finally {
    forgetMe()
  }
}

/** The server said that this session has ended. */
export function forgetMe(): void {
  held.value = null
  asked = true
}
