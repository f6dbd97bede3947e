/** Short names for the shapes generated from openapi.json (`npm run generate`). */
import type { components } from './api.gen'

type Schemas = components['schemas']

export type AttemptView = Schemas['AttemptView']
export type BatchOutcome = Schemas['BatchOutcome']
export type Clock = Schemas['Clock']
export type CommandResult = Schemas['CommandResult']
export type ItemView = Schemas['ItemView']
export type Me = Schemas['Me']
export type NoticeView = Schemas['NoticeView']
export type OptionView = Schemas['OptionView']
export type PaperList = Schemas['PaperList']
export type PaperListEntry = Schemas['PaperListEntry']
export type PaperView = Schemas['PaperView']
export type Phase = Schemas['Phase']
export type Portrait = Schemas['Portrait']

export type Fact = string | number | boolean | null
export type Facts = Record<string, Fact>
