/** The tabs of the results, under /finals. */

import type { RouteRecordRaw } from 'vue-router'

export const TABS = ['list', 'rechecks', 'paper', 'archive'] as const

export const resultRoutes: RouteRecordRaw[] = [
  { path: '', name: 'finals', redirect: { name: 'finals-list' } },
  { path: 'list', name: 'finals-list', component: () => import('./FinalsTab.vue') },
  { path: 'rechecks', name: 'finals-rechecks', component: () => import('./RechecksTab.vue') },
  { path: 'paper', name: 'finals-paper', component: () => import('./PaperTab.vue') },
  { path: 'archive', name: 'finals-archive', component: () => import('./ArchiveTab.vue') },
]
