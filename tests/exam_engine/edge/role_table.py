"""What every endpoint answers to whom, written down: who may call it, about his own rows and about somebody else's.

A line is `METHOD path | roles | own | another's`. Whoever is not named gets 403 wrong_role, who is not logged in 401.
`own`: status and code of a well-formed request about rows of one's own scope; a request that would change something for
good names an old version, so that it gets as far as the row and no further. `another's`: the same request as somebody
of the same role and another scope; `-`: there is nothing of anybody else that it could name, and what it lists ends at
the scope (another test looks into the lists). A role may have an answer of its own: `409 taken, pro 404 no_such_place`.
"""

from typing import Any, Final, NamedTuple

from exam_engine.demo_registration import WALKERS, id_number
from exam_engine.edge.faces import CONSENT_VERSION
from exam_engine.registration.phone import INITIAL_PASSWORD
from tests.applicant import picture
from tests.candidate import jpeg

SHORT: Final = {
    "phy": "physician", "ins": "institution", "agy": "agency", "inv": "invigilator", "chf": "chief", "aut": "author",
    "pro": "province", "nat": "nation", "aud": "auditor",
}  # fmt: skip
ROLES: Final = tuple(SHORT.values())
PUBLIC: Final = """
GET /api/health
GET /api/openapi.json
GET /metrics
POST /api/session
GET /api/session
DELETE /api/session
POST /api/camera/pair
GET /api/camera
POST /api/camera/checks
POST /api/camera/checks/{check_id}/frames
POST /api/camera/captures
POST /api/sign-up/code
POST /api/sign-up
POST /api/sign-up/password
GET /api/receipts/keys
GET /api/verify/receipt/{receipt}
GET /api/verify/notice
"""  # a phone that is somebody's camera has no account: it is known by a code, then by its token
TABLE: Final = """
GET /api/papers | phy | 200 | -
POST /api/sittings/{sitting_id}/enter | phy | 200 | -
GET /api/attempts/{attempt_id} | phy | 200 | 404 no_such_attempt
GET /api/attempts/{attempt_id}/paper | phy | 200 | 404 no_such_attempt
POST /api/attempts/{attempt_id}/portrait | phy | 400 not_a_jpeg | 404 no_such_attempt
POST /api/attempts/{attempt_id}/commands | phy | 200 | 404 no_such_attempt
GET /api/attempts/{attempt_id}/live | phy | 101 | 404 no_such_attempt
GET /api/attempts/{attempt_id}/watching | phy | 200 | 404 no_such_attempt
POST /api/attempts/{attempt_id}/consent | phy | 200 | 404 no_such_attempt
POST /api/attempts/{attempt_id}/ask-person | phy | 200 | 404 no_such_attempt
POST /api/attempts/{attempt_id}/checks | phy | 409 no_check_here | 404 no_such_attempt
POST /api/attempts/{attempt_id}/checks/{check_id}/frames | phy | 400 not_a_jpeg | 404 no_such_attempt
POST /api/attempts/{attempt_id}/captures | phy | 400 not_a_jpeg | 404 no_such_attempt
POST /api/attempts/{attempt_id}/signals | phy | 200 | 404 no_such_attempt
POST /api/attempts/{attempt_id}/camera | phy | 200 | 404 no_such_attempt
GET /api/attempts/{attempt_id}/camera | phy | 200 | 404 no_such_attempt
GET /api/attempts/{attempt_id}/log | phy | 200 | 404 no_such_attempt
GET /api/attempts/{attempt_id}/receipt | phy | 409 not_submitted | 404 no_such_attempt
GET /api/attempts/{attempt_id}/journal | phy | 409 not_submitted | 404 no_such_attempt
GET /api/cases | phy | 200 | -
POST /api/cases/{case_id}/reply | phy | 409 not_notified | 404 no_such_case
POST /api/cases/{case_id}/appeal | phy | 409 not_confirmed | 404 no_such_case
GET /api/attempts/{attempt_id}/own-pictures/{picture} | phy | 404 no_such_picture | 404 no_such_attempt
POST /api/photo/check | phy | 400 not_a_jpeg | -
GET /api/photo | phy | 200 | -
POST /api/photo/consent | phy | 200 | -
POST /api/photo | phy | 400 not_a_jpeg | -
POST /api/desk/photos/imports | agy pro | 200 | -
GET /api/desk/photos/imports/{job} | agy pro | 404 no_such_import | 404 no_such_import
GET /api/desk/photos/pending | agy pro | 200 | -
POST /api/desk/photos/{photo_id}/decision | agy pro | 200, pro 409 photo_decided | 404 no_such_photo
GET /api/desk/photos/{photo_id}/picture | agy pro | 404 no_such_photo | 404 no_such_photo
GET /api/desk/sittings | agy chf inv nat pro | 200 | -
GET /api/desk/sittings/{sitting_id}/board | agy chf inv nat pro | 200 | 404 no_such_sitting
GET /api/desk/sittings/{sitting_id}/live | agy chf inv nat pro | 101 | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/acts | chf inv pro | 200 | 404 no_such_sitting
GET /api/desk/acts/{act_id} | agy chf inv nat pro | 200 | 404 no_such_sitting
GET /api/desk/sittings/{sitting_id}/acts | agy chf inv nat pro | 200 | 404 no_such_sitting
GET /api/desk/attempts/{attempt_id}/timeline | agy chf inv nat pro | 200 | 404 no_such_sitting
GET /api/desk/attempts/{attempt_id}/pictures/{picture} | agy chf inv | 403 link_old | 404 no_such_sitting
GET /api/desk/sittings/{sitting_id}/people | agy chf inv nat pro | 200 | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/extra-time | pro | 409 not_entitled_or_entered | 404 no_such_sitting
GET /api/desk/sittings/{sitting_id}/proctoring | agy chf inv nat pro | 200 | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/picture-links | agy chf inv | 200 | 404 no_such_sitting
POST /api/desk/attempts/{attempt_id}/look | agy chf inv | 200 | 404 no_such_sitting
DELETE /api/desk/attempts/{attempt_id}/look | agy chf inv | 200 | 404 no_such_sitting
POST /api/desk/attempts/{attempt_id}/reviews | agy chf inv | 200 | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/flags | chf inv pro | 200 | 404 no_such_sitting
GET /api/desk/attempts/{attempt_id}/proctoring | agy chf inv | 200 | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/rooms | chf | 200 | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/rooms/assign | chf | 200 | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/rooms/hand-over | chf inv | 409 own_room,chf 409 not_your_room |404 no_such_sitting
POST /api/desk/attempts/{attempt_id}/cases | chf inv pro | 200 | 404 no_such_sitting
GET /api/desk/cases | agy chf inv pro | 200 | -
GET /api/desk/cases/{case_id} | agy chf inv pro | 200 | 404 no_such_case
POST /api/desk/cases/{case_id}/evidence | agy chf inv pro | 200 | 404 no_such_case
POST /api/desk/cases/{case_id}/decision | agy chf | 200, chf 409 already_decided | 404 no_such_case
POST /api/desk/cases/{case_id}/appeal-decision | agy pro | 409 not_appealed, agy 409 own_decision | 404 no_such_case
GET /api/desk/sittings/{sitting_id}/counts | agy chf inv nat pro | 200 | 404 no_such_sitting
GET /api/desk/centre | agy chf inv nat pro | 200 | -
GET /api/desk/retention | agy nat pro | 200 | -
GET /api/desk/sittings/{sitting_id}/results | agy pro | 200 | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/release | agy pro | 200, pro 409 already_ordered | 404 no_such_sitting
GET /api/desk/sittings/{sitting_id}/results.xlsx | agy pro | 200 | 404 no_such_sitting
GET /api/home | phy | 200 | -
GET /api/home/cycles | phy | 200 | -
GET /api/certification | phy | 200 | -
POST /api/certification | phy | 409 certified_already | 409 certified_already
GET /api/certification/places | phy | 200 | -
POST /api/binding | phy | 409 bound_already | 409 wrong_binding
POST /api/binding/password | phy | 409 wrong_old_password | -
GET /api/notice | phy | 200 | -
POST /api/notice | phy | 409 notice_changed | -
GET /api/application/{subject} | phy | 200 | -
PUT /api/application/{subject} | phy | 409 changed_meanwhile | 409 changed_meanwhile
POST /api/application/{subject}/submit | phy | 409 changed_meanwhile | -
POST /api/application/{subject}/withdraw | phy | 409 changed_meanwhile | -
POST /api/application/photo | phy | 200 | -
GET /api/procedure | phy | 200 | -
PUT /api/procedure | phy | 409 changed_meanwhile | -
POST /api/procedure | phy | 409 changed_meanwhile | -
POST /api/procedure/change | phy | 409 changed_meanwhile | -
POST /api/documents | phy | 200 | -
GET /api/documents/{document_id} | phy ins agy pro nat | 404 no_such_document, phy 200 | 404 no_such_document
DELETE /api/documents/{document_id} | phy | 409 document_used | 404 no_such_document
GET /api/inbox | phy ins agy pro | 200 | -
POST /api/inbox/read | phy ins agy pro | 200 | 200
GET /api/inbox/live | phy ins agy pro | 200 | -
GET /api/desk/reviews | ins agy pro nat | 200 | -
GET /api/desk/reviews/counts | ins agy pro nat | 200 | -
POST /api/desk/reviews/{file_id}/open | ins agy pro nat | 200 | 404 no_such_file
POST /api/desk/reviews/{file_id}/decide | ins agy pro | 409 changed_meanwhile | 404 no_such_file
POST /api/desk/reviews/{file_id}/undo | ins agy pro | 409 changed_meanwhile | 404 no_such_file
POST /api/desk/reviews/{file_id}/reopen | pro | 409 changed_meanwhile | 404 no_such_file
POST /api/desk/reviews/{file_id}/close | ins pro | 409 changed_meanwhile | 404 no_such_file
POST /api/desk/reviews/approve | ins agy pro | 200 needs_a_look | 200 no_such_file
GET /api/desk/institutions | ins pro | 200 | -
GET /api/desk/physicians | ins pro | 200 | -
POST /api/desk/physicians | ins pro | 409 account_exists | 409 account_exists, pro 404 no_such_institution
POST /api/desk/physicians/import | ins pro | 400 sheet_empty | 400 sheet_empty, pro 404 no_such_institution
GET /api/desk/physicians/template | ins pro | 200 | -
POST /api/desk/physicians/{assessment_id}/reset | ins pro | 409 reset_already | 404 no_such_physician
POST /api/desk/physicians/{assessment_id}/transfer | ins pro | 409 same_institution | 404 no_such_physician
GET /api/desk/cycles | pro nat | 200 | -
POST /api/desk/cycles | nat | 409 cycle_exists | -
GET /api/desk/policies/{cycle_id} | pro nat | 200 | 404 no_such_province
PUT /api/desk/policies/{cycle_id} | pro nat | 409 changed_meanwhile | 404 no_such_province
PUT /api/desk/sittings/{sitting_id}/window | pro nat | 409 window_outside | 404 no_such_sitting
GET /api/desk/notices | pro nat | 200 | -
POST /api/desk/notices | pro nat | 400 text_short | -
GET /api/desk/organisations | pro nat | 200 | -
POST /api/desk/organisations | pro nat | 409 organisation_exists | 404 no_such_province
PUT /api/desk/organisations/{organisation_id} | pro nat | 200 | 404 no_such_organisation
PUT /api/desk/organisations/{organisation_id}/agency | pro nat | 200 | 404 no_such_organisation
GET /api/desk/staff | pro nat | 200 | -
POST /api/desk/staff | pro nat | 409 login_taken | 404 no_such_organisation
POST /api/desk/staff/{account_id}/disabled | pro nat | 200 | 404 no_such_account
POST /api/desk/staff/{account_id}/password | pro nat | 200 | 404 no_such_account
GET /api/desk/app-accounts | pro nat | 200 | -
POST /api/desk/app-accounts/{account_id}/disabled | pro nat | 200 | 404 no_such_account
GET /api/desk/statistics | ins agy pro nat | 200 | -
GET /api/desk/export | ins agy pro nat | 200 | -
GET /api/desk/audit | pro nat aud | 200 | -
POST /api/desk/registry | pro nat | 400 sheet_empty | -
POST /api/desk/conduct | pro nat | 400 sheet_empty | -
GET /api/desk/item-statistics | agy pro nat aut | 200 | -
GET /api/desk/sittings/{sitting_id}/statistics | agy pro nat aut | 200 | 404 no_such_sitting
GET /api/desk/sittings/{sitting_id}/statistics/items/{item_id} | agy pro nat aut |404 not_asked_here|404 no_such_sitting
GET /api/desk/sittings/{sitting_id}/likeness | agy pro nat | 200 | 404 no_such_sitting
GET /api/desk/sittings/{sitting_id}/scheme | agy pro nat aut | 200 | 404 no_such_sitting
PUT /api/desk/sittings/{sitting_id}/scheme | pro nat | 409 changed_meanwhile | 404 no_such_sitting
GET /api/desk/sittings/{sitting_id}/calibration | agy pro nat aut | 200 | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/calibration | nat aut | 409 too_few_papers | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/what-if | pro nat aut | 409 nothing_marked | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/proposals | pro nat aut | 409 nothing_marked | 404 no_such_sitting
GET /api/desk/proposals | agy pro nat aut | 200 | -
GET /api/desk/proposals/{proposal_id} | agy pro nat aut | 200 | 404 no_such_proposal
POST /api/desk/proposals/{proposal_id}/decision | pro nat | 400 reason_missing | 404 no_such_proposal
POST /api/desk/proposals/{proposal_id}/withdraw | pro nat aut | 409 not_your_proposal | 404 no_such_proposal
GET /api/attempts/{attempt_id}/pictures/{picture} | phy | 404 no_such_picture | 404 no_such_attempt
GET /api/bank/tasks | aut nat | 200 | -
GET /api/bank/pools | aut nat | 200 | -
POST /api/bank/pools | aut nat | 409 pool_exists | 409 pool_exists
PUT /api/bank/pools | aut nat | 200 | 404 no_such_pool
GET /api/bank/topics | aut nat | 200 | 404 no_such_pool
GET /api/bank/facets | aut nat | 200 | 404 no_such_pool
GET /api/bank/items | aut nat | 200 | -
POST /api/bank/items | aut | 409 code_taken | 404 no_such_pool
GET /api/bank/items/{item_id} | aut nat | 200 | 404 no_such_bank_item
PUT /api/bank/items/{item_id} | aut | 409 changed_meanwhile | 404 no_such_bank_item
POST /api/bank/items/{item_id}/move | aut nat | 409 changed_meanwhile | 404 no_such_bank_item
POST /api/bank/moves | aut nat | 200 changed_meanwhile | 200 no_such_bank_item
POST /api/bank/items/{item_id}/copy | aut | 200 | 404 no_such_bank_item
PUT /api/bank/items/{item_id}/enemies | aut | 409 changed_meanwhile | 404 no_such_bank_item
GET /api/bank/items/{item_id}/versions/{version_id} | aut nat | 200 | 404 no_such_bank_item
GET /api/bank/items/{item_id}/preview | aut nat | 200 | 404 no_such_bank_item
POST /api/bank/preview | aut nat | 200 | -
POST /api/bank/near | aut nat | 200 | 404 no_such_pool
GET /api/bank/duplicates | aut nat | 200 | 404 no_such_pool
POST /api/bank/pictures | aut | 400 picture_kind | -
GET /api/bank/pictures/{picture} | aut nat | 404 no_such_picture | 404 no_such_picture
POST /api/bank/imports | aut | 200 | 404 no_such_pool
GET /api/bank/imports | aut | 200 | -
GET /api/bank/imports/{job} | aut | 404 no_such_import | 404 no_such_import
POST /api/bank/imports/{job}/confirm | aut | 404 no_such_import | 404 no_such_import
DELETE /api/bank/imports/{job} | aut | 404 no_such_import | 404 no_such_import
GET /api/bank/export/check | aut | 200 | 404 no_such_pool
GET /api/bank/export | aut | 200 | 404 no_such_pool
GET /api/desk/makeup | agy pro nat | 200 | 404 no_such_province, agy 200
GET /api/desk/makeup/absences | agy pro nat | 200 | 404 no_such_province, agy 200
POST /api/desk/makeup/absences/decide | pro | 404 no_such_absence | 404 no_such_absence
POST /api/desk/makeup/plans | pro | 409 plan_exists | -
GET /api/desk/makeup/plans/{makeup_id} | agy pro nat | 200 | 404 no_such_plan, agy 200
GET /api/desk/makeup/plans/{makeup_id}/invigilators | agy pro nat | 200 | 404 no_such_plan, agy 200
PUT /api/desk/makeup/plans/{makeup_id}/slots | pro | 409 changed_meanwhile | 404 no_such_plan
POST /api/desk/makeup/plans/{makeup_id}/exclusions | pro | 409 changed_meanwhile | 404 no_such_plan
POST /api/desk/makeup/plans/{makeup_id}/solve | pro | 409 changed_meanwhile | 404 no_such_plan
POST /api/desk/makeup/plans/{makeup_id}/slots/{slot_id}/close | pro | 409 changed_meanwhile | 404 no_such_plan
POST /api/desk/makeup/plans/{makeup_id}/publish | pro | 409 changed_meanwhile | 404 no_such_plan
POST /api/desk/makeup/plans/{makeup_id}/move | pro | 409 changed_meanwhile | 404 no_such_plan
POST /api/desk/makeup/plans/{makeup_id}/undo | pro | 409 changed_meanwhile | 404 no_such_plan
GET /api/desk/makeup/plans/{makeup_id}/people | agy pro nat | 200 | 404 no_such_plan, agy 200
GET /api/desk/makeup/plans/{makeup_id}/asks | agy pro nat | 200 | 404 no_such_plan, agy 200
POST /api/desk/makeup/asks/{ask_id}/decide | pro | 404 no_such_ask | 404 no_such_ask
GET /api/makeup | phy | 200 | -
POST /api/makeup/{makeup_id}/move | phy | 404 no_such_plan | 404 no_such_plan
POST /api/makeup/absences/{absence_id} | phy | 404 no_such_absence | 404 no_such_absence
GET /api/result | phy | 200 | -
GET /api/result/notice | phy | 404 no_such_notice | 404 no_such_notice
POST /api/result/recheck | phy | 409 not_notified | -
GET /api/desk/final-results | agy pro nat | 200 | -
GET /api/desk/final-results/counts | agy pro nat | 200 | -
GET /api/desk/final-results/export | agy pro nat | 200 | -
GET /api/desk/final-results/{result_id} | agy pro nat | 200 | 404 no_such_result
POST /api/desk/final-results/{result_id}/decide | agy | 409 changed_meanwhile | 404 no_such_result
POST /api/desk/final-results/agree | agy | 200 changed_meanwhile | 200 no_such_result
POST /api/desk/final-results/{result_id}/undo | agy | 409 changed_meanwhile | 404 no_such_result
POST /api/desk/final-results/publish | agy | 409 nothing_to_publish | 404 no_such_result
POST /api/desk/final-results/{result_id}/keep | agy | 409 changed_meanwhile | 404 no_such_result
POST /api/desk/final-results/{result_id}/correct | agy | 409 changed_meanwhile | 404 no_such_result
POST /api/desk/final-results/{result_id}/suspend | pro | 409 changed_meanwhile | 404 no_such_result
POST /api/desk/final-results/{result_id}/reassess | agy | 409 changed_meanwhile | 404 no_such_result
POST /api/desk/final-results/{result_id}/reassessed | agy | 409 changed_meanwhile | 404 no_such_result
POST /api/desk/final-results/{result_id}/cancel | pro | 409 changed_meanwhile | 404 no_such_result
GET /api/desk/final-results/{result_id}/notice | agy pro nat | 404 no_such_notice | 404 no_such_result
GET /api/desk/rechecks | agy pro nat | 200 | -
POST /api/desk/rechecks/{recheck_id}/decision | agy | 404 no_such_recheck | 404 no_such_recheck
GET /api/desk/archives | pro nat | 200 | 404 no_such_province
POST /api/desk/archives | pro nat | 409 matters_open | 404 no_such_province
GET /api/desk/archives/{archive_id}/file | pro nat | 404 no_such_archive | 404 no_such_archive
GET /api/desk/paper-exams | agy pro nat | 200 | -
POST /api/desk/paper-exams | agy pro | 404 no_such_physician | 404 no_such_physician
POST /api/desk/paper-exams/{paper_id}/remove | agy pro | 404 no_such_paper | 404 no_such_paper
GET /api/desk/paper-imports | agy pro nat | 200 | -
POST /api/desk/paper-imports | agy pro | 400 sheet_empty | -
GET /api/desk/paper-imports/template | agy pro | 200 | -
GET /api/desk/paper-imports/{import_id} | agy pro nat | 404 no_such_import | 404 no_such_import
POST /api/desk/paper-imports/{import_id}/confirm | agy pro | 404 no_such_import | 404 no_such_import
POST /api/desk/paper-imports/{import_id}/discard | agy pro | 404 no_such_import | 404 no_such_import
GET /api/desk/blueprints | agy aut pro nat | 200 | -
POST /api/desk/blueprints | pro nat | 409 blueprint_exists | 404 no_such_province
GET /api/desk/blueprints/{blueprint_id} | agy aut pro nat | 200 | 404 no_such_blueprint, agy 200, aut 200
PUT /api/desk/blueprints/{blueprint_id} | pro nat | 409 changed_meanwhile | 404 no_such_blueprint
POST /api/desk/blueprints/{blueprint_id}/publish | pro nat | 409 changed_meanwhile | 404 no_such_blueprint
DELETE /api/desk/blueprints/{blueprint_id} | pro nat | 409 blueprint_published | 404 no_such_blueprint
POST /api/desk/blueprints/check | agy aut pro nat | 200 | -
GET /api/desk/blueprints/outline | agy aut pro nat | 200 | -
GET /api/desk/sittings/{sitting_id}/plans | agy pro nat | 200 | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/plans | agy pro nat | 409 papers_locked | 404 no_such_sitting
GET /api/desk/plans/{plan_id} | agy pro nat | 200 | 404 no_such_plan
GET /api/desk/plans/{plan_id}/certificate.html | agy pro nat | 409 plan_not_made | 404 no_such_plan
POST /api/desk/plans/{plan_id}/approve | agy pro nat | 409 plan_not_made | 404 no_such_plan
DELETE /api/desk/plans/{plan_id} | agy pro nat | 409 plan_being_made | 404 no_such_plan
GET /api/desk/sittings/made | agy pro nat | 200 | -
GET /api/desk/sittings/choices | agy pro nat | 200 | -
POST /api/desk/sittings | agy pro nat | 409 window_outside | 404 no_such_agency, pro 404 no_such_province
GET /api/desk/sittings/{sitting_id} | agy pro nat | 200 | 404 no_such_sitting
PUT /api/desk/sittings/{sitting_id} | agy pro nat | 409 changed_meanwhile | 404 no_such_sitting
POST /api/desk/sittings/{sitting_id}/announce | agy pro nat | 409 changed_meanwhile | 404 no_such_sitting
DELETE /api/desk/sittings/{sitting_id} | agy pro nat | 409 exam_entered | 404 no_such_sitting
"""
# Where a physician asks as one who registers: not the candidate of the exam, but the applicant.
REGISTRATION: Final = (
    "/api/home", "/api/certification", "/api/binding", "/api/notice", "/api/application", "/api/procedure",
    "/api/documents", "/api/inbox", "/api/result",
)  # fmt: skip
WORDS: Final = "情况说明，供核实"
OLD: Final = 2**31 - 1  # a version nobody has seen
REVIEWED: Final = {"version": OLD, "reason": WORDS}
SOMEBODY: Final = WALKERS[4]
PAPER: Final = {"code": "table", "pool": "humanities", "item_count": 5, "types": {"A1": 5}}
EXAM: Final = {
    "cycle": 1, "kind": "humanities", "round": "first", "title": "人文医学测评", "agency_id": "{agency_id}",
    "opens_at": "2001-01-01T00:00:00Z", "closes_at": "2001-01-02T00:00:00Z", "blueprint_id": "{blueprint_id}",
    "points_per_item": 2, "pass_points": 6,
}  # fmt: skip
# What is sent; a text that is nothing but {name} stands for the number of the cast.
BODIES: Final[dict[str, Any]] = {
    "/api/desk/sittings/{sitting_id}/acts": {
        "request_id": "request-of-test", "command": {"type": "resume"}, "everybody": True
    },
    "/api/desk/sittings/{sitting_id}/release": {"pass_points": 60},
    "/api/desk/sittings/{sitting_id}/scheme": {"edition": OLD, "points_per_item": 1},
    "/api/desk/sittings/{sitting_id}/what-if": {"rulings": [{"item_id": 1, "version": 1, "act": "void"}]},
    "/api/desk/sittings/{sitting_id}/proposals": {
        "edition": OLD, "rulings": [{"item_id": 1, "version": 1, "act": "void"}], "reason": WORDS
    },
    "/api/desk/proposals/{proposal_id}/decision": {"approve": False},
    "/api/desk/proposals/{proposal_id}/withdraw": {"reason": WORDS},
    "/api/desk/sittings/{sitting_id}/extra-time": {"person_id": 1, "minutes": 10, "reason": "听力障碍证明"},
    "/api/desk/sittings/{sitting_id}/picture-links": {"pictures": []},
    "/api/desk/sittings/{sitting_id}/flags": {
        "request_id": "flag-of-the-test", "attempt_ids": ["{attempt_id}"], "level": 2, "note": "东张西望"
    },
    "/api/desk/sittings/{sitting_id}/rooms": {"rooms": 2},
    "/api/desk/sittings/{sitting_id}/rooms/assign": {"room": 1, "account_ids": []},
    "/api/desk/sittings/{sitting_id}/rooms/hand-over": {"room": 1, "to_account_id": 1},
    "/api/desk/attempts/{attempt_id}/reviews": {"verdict": "fine"},
    "/api/desk/attempts/{attempt_id}/cases": {
        "request_id": "case-of-the-test", "allegation": "leaving", "text": WORDS
    },
    "/api/desk/cases/{case_id}/evidence": {"text": WORDS},
    "/api/desk/cases/{case_id}/decision": {"verdict": "dismiss", "reason": WORDS},
    "/api/desk/cases/{case_id}/appeal-decision": {"verdict": "overturn", "reason": WORDS},
    "/api/desk/photos/{photo_id}/decision": {"approve": True},
    "/api/attempts/{attempt_id}/commands": {"device": "device-one", "commands": []},
    "/api/attempts/{attempt_id}/consent": {"agreed": True, "version": CONSENT_VERSION},
    "/api/attempts/{attempt_id}/ask-person": {"device": "device-one", "why": "no_camera"},
    "/api/attempts/{attempt_id}/signals": {
        "device": "device-one", "now_ms": 60_000, "signals": [{"n": 1, "kind": "copy", "at_ms": 1}]
    },
    "/api/photo/consent": {"agreed": True, "version": CONSENT_VERSION},
    "/api/cases/{case_id}/reply": {"text": WORDS},
    "/api/cases/{case_id}/appeal": {"text": WORDS},
    "/api/certification": {
        "name": WALKERS[0].name, "id_type": "id_card", "id_number": id_number(WALKERS[0].number),
        "practice_place": "测试医院", "title": WALKERS[0].title,
    },
    "/api/binding": {
        "province": "11", "id_number": id_number(WALKERS[0].number), "name": WALKERS[0].name,
        "password": "Kaohe-99-new",
    },
    "/api/binding/password": {"old": INITIAL_PASSWORD, "new": "Kaohe-98-new"},
    "/api/notice": {"notice_id": 1, "digest": "0" * 64, "face": True, "face_version": CONSENT_VERSION},
    "/api/application/{subject}": {"version": OLD, "values": {"photo": "{photo}"}},
    "/api/application/{subject}/submit": {"version": OLD},
    "/api/application/{subject}/withdraw": {"version": OLD},
    "/api/application/photo": picture(77),
    "PUT /api/procedure": {"version": OLD, "values": {"licence": ["{document_id}"]}},
    "POST /api/procedure": {"version": OLD, "choice": "general"},
    "/api/procedure/change": {"version": OLD},
    "/api/documents": jpeg(78),
    "/api/inbox/read": {"message_ids": ["{message_id}"]},
    "/api/desk/reviews/{file_id}/decide": {"version": OLD, "act": "approve"},
    "/api/desk/reviews/{file_id}/undo": REVIEWED,
    "/api/desk/reviews/{file_id}/reopen": REVIEWED,
    "/api/desk/reviews/{file_id}/close": REVIEWED,
    "/api/desk/reviews/approve": {"files": [{"file_id": "{file_id}", "version": OLD}]},
    "/api/desk/physicians": {
        "name": SOMEBODY.name, "id_number": id_number(SOMEBODY.number), "institution_id": "{organisation_id}"
    },
    "/api/desk/physicians/{assessment_id}/reset": {"reason": WORDS},
    "/api/desk/physicians/{assessment_id}/transfer": {"institution_id": "{organisation_id}", "reason": WORDS},
    "/api/desk/cycles": {"cycle": 1, "name": "又一周期", "starts_on": "2027-01-01", "ends_on": "2029-12-31"},
    "/api/desk/policies/{cycle_id}": {"version": OLD, "policy": {}, "province": "11"},
    "/api/desk/sittings/{sitting_id}/window": {
        "opens_at": "2001-01-01T00:00:00Z", "closes_at": "2001-01-02T00:00:00Z", "reason": WORDS
    },
    "/api/desk/notices": {"title": "用户告知书", "body": " " * 30},
    "/api/desk/organisations": {"kind": "institution", "name": "测试医院", "province": "11"},
    "/api/desk/organisations/{organisation_id}": {"name": "测试医院"},
    "/api/desk/organisations/{organisation_id}/agency": {"agency_id": "{agency_id}"},
    "/api/desk/staff": {
        "name": "测试某人", "login": "institution", "role": "institution", "organisation_id": "{organisation_id}"
    },
    "/api/desk/staff/{account_id}/disabled": {"disabled": False, "reason": WORDS},
    "/api/desk/staff/{account_id}/password": {"reason": WORDS},
    "/api/desk/app-accounts/{account_id}/disabled": {"disabled": False, "reason": WORDS},
    "/api/bank/pools": {"pool": "professional", "title": "业务水平", "kind": "professional"},
    "POST /api/bank/items": {"pool": "professional", "code": "{item_code}", "content": {"type": "A1"}},
    "PUT /api/bank/items/{item_id}": {"revision": OLD, "content": {"type": "A1"}},
    "/api/bank/items/{item_id}/move": {"revision": OLD, "event": "suspend", "reason": WORDS},
    "/api/bank/moves": {"items": [{"item_id": "{item_id}", "revision": OLD}], "event": "suspend", "reason": WORDS},
    "/api/bank/items/{item_id}/enemies": {"revision": OLD, "enemies": []},
    "/api/bank/preview": {"contents": [{"type": "A1", "stem": "题干", "options": ["甲", "乙"]}]},
    "/api/bank/near": {"pool": "professional", "stem": "诊断急性心肌梗死特异性最高的是"},
    "/api/bank/pictures": b"no picture",
    "POST /api/bank/imports": b"{}",
    "/api/bank/imports/{job}/confirm": {},
    "/api/desk/makeup/absences/decide": {"absence_ids": ["{absence_id}"], "accept": True, "reason": WORDS},
    "/api/desk/makeup/plans": {"cycle": 1, "kind": "humanities"},
    "/api/desk/makeup/plans/{makeup_id}/slots": {"version": OLD, "windows": []},
    "/api/desk/makeup/plans/{makeup_id}/exclusions": {"version": OLD, "drop": 1},
    "/api/desk/makeup/plans/{makeup_id}/solve": {"version": OLD},
    "/api/desk/makeup/plans/{makeup_id}/slots/{slot_id}/close": REVIEWED,
    "/api/desk/makeup/plans/{makeup_id}/publish": {"version": OLD},
    "/api/desk/makeup/plans/{makeup_id}/move": REVIEWED | {"person_ids": [1], "slot_id": "{slot_id}"},
    "/api/desk/makeup/plans/{makeup_id}/undo": REVIEWED | {"change_id": 1},
    "/api/desk/makeup/asks/{ask_id}/decide": {"grant": True},
    "/api/makeup/{makeup_id}/move": {"slot_id": "{slot_id}"},
    "/api/makeup/absences/{absence_id}": {"text": WORDS},
    "/api/result/recheck": {"version": OLD, "text": "对考核结果有异议，申请复核。请核对人文医学成绩。"},
    "/api/desk/final-results/{result_id}/decide": {"version": OLD, "outcome": "qualified"},
    "/api/desk/final-results/agree": {"results": [{"result_id": "{result_id}", "version": OLD}]},
    "/api/desk/final-results/{result_id}/undo": REVIEWED,
    "/api/desk/final-results/publish": {"cycle": 1, "results": ["{result_id}"]},
    "/api/desk/final-results/{result_id}/keep": REVIEWED,
    "/api/desk/final-results/{result_id}/correct": {"version": OLD, "outcome": "qualified"},
    "/api/desk/final-results/{result_id}/suspend": REVIEWED | {"from_on": "2027-01-01", "until_on": "2027-06-01"},
    "/api/desk/final-results/{result_id}/reassess": {"version": OLD, "arrangement": "再次考核安排另行通知"},
    "/api/desk/final-results/{result_id}/reassessed": REVIEWED | {"passed": True},
    "/api/desk/final-results/{result_id}/cancel": REVIEWED,
    "/api/desk/rechecks/{recheck_id}/decision": REVIEWED | {"verdict": "upheld"},
    "POST /api/desk/archives": {"cycle": 1, "province": "11"},
    "POST /api/desk/paper-exams": {"id_number": id_number(SOMEBODY.number), "kind": "humanities", "reason": WORDS},
    "/api/desk/paper-exams/{paper_id}/remove": {"reason": WORDS},
    "POST /api/desk/paper-imports": b"",
    "/api/desk/paper-imports/{import_id}/confirm": {"digest": "0" * 64},
    "/api/desk/paper-imports/{import_id}/discard": {"reason": WORDS},
    "POST /api/desk/blueprints": {"name": "测试蓝图", "body": PAPER, "province": "11"},
    "PUT /api/desk/blueprints/{blueprint_id}": {"version": OLD, "name": "测试蓝图", "body": PAPER},
    "/api/desk/blueprints/{blueprint_id}/publish": {"version": OLD},
    "/api/desk/blueprints/check": {"body": PAPER},
    "POST /api/desk/sittings/{sitting_id}/plans": {"mode": "fly"},
    "/api/desk/plans/{plan_id}/approve": {"digest": "0" * 64},
    "POST /api/desk/sittings": {"body": EXAM, "province": "11"},
    "PUT /api/desk/sittings/{sitting_id}": {"version": OLD, "body": EXAM},
    "/api/desk/sittings/{sitting_id}/announce": {"version": OLD},
}  # fmt: skip
QUERIES: Final = {
    "/api/bank/topics": "?pool=professional",
    "/api/bank/facets": "?pool=professional",
    "/api/bank/items": "?pool=professional",
    "/api/bank/duplicates": "?pool=professional",
    "/api/bank/imports": "?pool=professional&name=items.jsonl&format=",
    "/api/bank/export/check": "?pool=professional&format=jsonl",
    "/api/bank/export": "?pool=professional&format=jsonl",
    "/api/desk/archives": "?province=11",
    "/api/verify/notice": "?number=DK1&code=x",
    "/api/documents/{document_id}": "?link={link}",
    "/api/desk/physicians/import": "?institution={organisation_id}",
    "/api/desk/policies/{cycle_id}": "?province=11",
    "/api/certification/places": "?q=测试",
    "/api/desk/makeup": "?cycle=1&province=11",
    "/api/desk/makeup/absences": "?cycle=1&province=11&kind=humanities",
}


class Line(NamedTuple):
    """One line of the table; answers by role, an empty role for everybody else."""

    roles: tuple[str, ...]
    own: dict[str, str]
    others: dict[str, str] | None

    def of_own(self, role: str) -> str:
        """What this role gets about its own."""
        return self.own.get(role, self.own[""])

    def of_others(self, role: str) -> str | None:
        """What this role gets about somebody else's; None: it can't name any."""
        return None if self.others is None else self.others.get(role, self.others[""])


def _answers(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in text.split(","):
        first, _, rest = each.strip().partition(" ")
        found |= {SHORT[first]: rest} if first in SHORT else {"": each.strip()}
    return found


def _lines() -> dict[str, Line]:
    lines = {}
    for text in TABLE.strip().splitlines():
        name, roles, own, others = (part.strip() for part in text.split("|"))
        assert name not in lines, name
        who = tuple(SHORT[short] for short in roles.split())
        lines[name] = Line(who, _answers(own), None if others == "-" else _answers(others))
    return lines


LINES: Final = _lines()
PUBLIC_LINES: Final = frozenset(PUBLIC.split("\n")) - {""}
