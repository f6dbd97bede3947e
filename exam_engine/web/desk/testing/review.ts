/** A row of the queue and a file for tests; only what matters is named. */

import type { ReviewDetail, ReviewRow } from '../wire'

export function aRow(file_id: number, part: Partial<ReviewRow> = {}): ReviewRow {
  return {
    file_id,
    subject: 'profile',
    state: 'org_review',
    version: 1,
    name: `测试${file_id}`,
    id_number: '110105********001X',
    institution: '测试医院',
    department: '测试科',
    category: 'clinical',
    procedure: 'none',
    flags: [],
    submitted_at: '2026-03-02T01:00:00Z',
    moved_at: '2026-03-02T01:00:00Z',
    due_at: null,
    opened_by: '',
    mine: true,
    refused_by: '',
    ...part,
  }
}

export function aFile(part: Partial<ReviewDetail> = {}): ReviewDetail {
  return {
    row: aRow(1),
    id_number: '11010519000101001X',
    phone: '13800000000',
    form: { code: 'profile', sections: [] },
    values: {},
    shown: {},
    changes: [],
    problems: [],
    computed: {},
    procedure_form: null,
    procedure_values: {},
    conduct: [],
    registry: {},
    documents: [],
    shared_documents: [],
    org_opinion: null,
    agy_opinion: null,
    moves: [],
    acts: ['approve', 'return'],
    refused_by: '',
    eligible: true,
    reason: '',
    ...part,
  }
}
