/** The pages of blueprints and sittings, under /papers. */

import type { RouteRecordRaw } from 'vue-router'

const meta = { place: 'papers' }

export const paperRoutes: RouteRecordRaw[] = [
  { path: '/papers', name: 'papers', component: () => import('./PapersHome.vue'), meta },
  {
    path: '/blueprints/:blueprintId(\\d+|new)',
    name: 'blueprint',
    component: () => import('./BlueprintPage.vue'),
    props: (route) => ({ blueprintId: route.params['blueprintId'] === 'new' ? null : Number(route.params['blueprintId']) }),
    meta,
  },
  {
    path: '/sittings/made/:sittingId(\\d+|new)',
    name: 'made-sitting',
    component: () => import('./SittingPage.vue'),
    props: (route) => ({ sittingId: route.params['sittingId'] === 'new' ? null : Number(route.params['sittingId']) }),
    meta,
  },
  {
    path: '/plans/:planId(\\d+)',
    name: 'plan',
    component: () => import('./PlanPage.vue'),
    props: (route) => ({ planId: Number(route.params['planId']) }),
    meta,
  },
]
