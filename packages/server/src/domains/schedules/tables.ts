import type { Stamps } from '../../kernel/stamps.ts'

export type ScheduleTables = {
  schedules: Stamps & {
    workspace: string
    name: string
    /** Tells a schedule from an earlier one of the same name. */
    id: string
    display_name: string | null
    description: string | null
    tags: string
    properties: string
    trigger_spec: string
    /** What its times do: create a job, or have a monitor judge. */
    action: 'job' | 'monitor'
    /** The job as each time creates it, references as given; of a monitor its definition. */
    job: string
    git: string | null
    /** Experiment of jobs that name none. */
    experiment: string | null
    catch_up: string
    is_enabled: number
    /** Epoch milliseconds of the earliest time without an outcome; null when disabled or over. */
    next_tick: number | null
  }
  schedule_runs: {
    schedule_id: string
    /** Counts the runs of a schedule from 1. */
    seq: number
    /** Epoch milliseconds; null for `trigger`. A schedule has each at most once, which the database keeps. */
    tick: number | null
    time: string
    outcome: string
    /** The job that was created, or the run of a monitor. */
    job: string | null
    error: string | null
    at: string
  }
}
export type ScheduleRow = ScheduleTables['schedules']
export type RunRow = ScheduleTables['schedule_runs']
