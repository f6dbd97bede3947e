/** The pages of the bank, under /bank: the tabs, and an item by itself. */

import type { RouteRecordRaw } from 'vue-router'
import { me } from '../session'

export const TABS = ['items', 'review', 'duplicates', 'import', 'pools'] as const
export type Tab = (typeof TABS)[number]

/** Where a tab is offered: who does not write has nothing to bring in. */
export const tabsOf = (role: string): Tab[] => TABS.filter((tab) => tab !== 'import' || role === 'author')

export const bankRoutes: RouteRecordRaw[] = [
  { path: '', name: 'bank', redirect: (to) => ({ name: 'bank-items', query: to.query }) },
  { path: 'items', name: 'bank-items', component: () => import('./ItemsPage.vue') },
  {
    path: 'items/:itemId(\\d+)',
    name: 'bank-item',
    component: () => import('./ItemPage.vue'),
    props: (route) => ({ itemId: Number(route.params['itemId']) }),
    meta: { alone: true },
  },
  { path: 'review', name: 'bank-review', component: () => import('./ReviewPage.vue') },
  { path: 'duplicates', name: 'bank-duplicates', component: () => import('./DuplicatesPage.vue') },
  {
    path: 'import',
    name: 'bank-import',
    component: () => import('./ImportPage.vue'),
    beforeEnter: (to) => tabsOf(me.value?.role ?? '').includes('import') || { name: 'bank-items', query: to.query },
  },
  { path: 'pools', name: 'bank-pools', component: () => import('./PoolsPage.vue') },
]
