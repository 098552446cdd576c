import { scheduleRoutes } from '@hagane/contract'
import { type BoundRoute, checkIfMatch, implement } from '../../kernel/http/index.ts'
import type { ScheduleNeeds } from './needs.ts'
import { changeExisting, putSchedule, removeSchedule, triggerNow } from './service.ts'
import { nextTimes, pageOfRuns, pageOfSchedules, showSchedule } from './views.ts'

/** The HTTP face of schedules. */
export const bindRoutes = (needs: ScheduleNeeds): BoundRoute[] => [
  implement(scheduleRoutes.create, async call => {
    await putSchedule(needs, call, call.body)
    return showSchedule(needs, call.workspace, call.body.schedule.name)
  }),
  implement(scheduleRoutes.list, call => pageOfSchedules(needs, call.workspace, call.query)),
  implement(scheduleRoutes.show, call => showSchedule(needs, call.workspace, call.params.name)),
  implement(scheduleRoutes.update, async call => {
    const { name } = call.params
    await changeExisting(needs, call, name, call.body, row => checkIfMatch(call, String(row.revision)))
    return showSchedule(needs, call.workspace, name)
  }),
  implement(scheduleRoutes.delete, async call => {
    await removeSchedule(needs, call, call.params.name)
    return { ok: true as const }
  }),
  implement(scheduleRoutes.trigger, call => triggerNow(needs, call, call.params.name)),
  implement(scheduleRoutes.next, call => nextTimes(needs, call.workspace, call.params.name, call.query.count)),
  implement(scheduleRoutes.runs, call => pageOfRuns(needs, call.workspace, call.params.name, call.query)),
]
