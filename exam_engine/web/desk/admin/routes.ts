/** The tabs of the administration, under /admin. */

import type { RouteRecordRaw } from 'vue-router'

export const TABS = ['policy', 'notices', 'organisations', 'staff', 'app-accounts', 'imports', 'cycles'] as const
export type Tab = (typeof TABS)[number]

export const adminRoutes: RouteRecordRaw[] = [
  { path: '', name: 'admin', redirect: { name: 'admin-policy' } },
  { path: 'policy', name: 'admin-policy', component: () => import('./policy/PolicyTab.vue') },
  { path: 'notices', name: 'admin-notices', component: () => import('./notices/NoticesTab.vue') },
  { path: 'organisations', name: 'admin-organisations', component: () => import('./people/OrganisationsTab.vue') },
  { path: 'staff', name: 'admin-staff', component: () => import('./people/StaffTab.vue') },
  { path: 'app-accounts', name: 'admin-app-accounts', component: () => import('./people/AppAccountsTab.vue') },
  { path: 'imports', name: 'admin-imports', component: () => import('./imports/ImportsTab.vue') },
  { path: 'cycles', name: 'admin-cycles', component: () => import('./policy/CyclesTab.vue') },
]
