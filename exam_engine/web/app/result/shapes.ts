/** Short names for what travels about a physician's result (exam_engine/edge/result_shapes.py). */
import type { components } from '@shared/api.gen'

type Schemas = components['schemas']

export type ExamRow = Schemas['ExamRow']
export type NoticeCheck = Schemas['NoticeCheck']
export type OwnResult = Schemas['OwnResult']
export type OwnResults = Schemas['OwnResults']
export type PastResult = Schemas['PastResult']
export type ResultNotice = Schemas['ResultNotice']
