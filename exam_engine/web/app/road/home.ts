/** The server's last word on where this account stands; everything the road's pages show comes from it. */
import { shallowRef } from 'vue'
import { api, got } from '@shared/api'
import type { Home } from './shapes'

export const home = shallowRef<Home | null>(null)
let asked = 0

/** An answer that was overtaken by a later question, or by an act's own answer, changes nothing. */
export async function loadHome(): Promise<Home> {
  const mine = ++asked
  const heard = await got(api.GET('/api/home'))
  if (mine === asked) home.value = heard
  return home.value ?? heard
}

/** What an act answered: newer than any question under way. */
export function keepHome(heard: Home): void {
  asked++
  home.value = heard
}

export const forgetHome = (): void => {
  asked++
  home.value = null
}
