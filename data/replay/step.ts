import { flightId } from './flight.ts';
import { flightRecords } from './flight-records.ts';
import { type FlightStep, flightStepKinds } from './life.ts';
import type { OutgoingRecord } from './outgoing-record.ts';
import { type ObservationStep, observationRecords } from './weather.ts';

/** What happens in the week: to a flight, or to the weather at an airport. */
export type Step = FlightStep | ObservationStep;

/** In the order in which they come when they happen at once. */
export const stepKinds = ['OBSERVED', ...flightStepKinds] as const;
export type StepKind = (typeof stepKinds)[number];

/** Id of the flight or code of the airport: with time and kind it names one step of one pass. */
export const subjectOf = (step: Step, pass: number): string =>
  step.kind === 'OBSERVED' ? step.observation.airport : flightId(step.flight, pass);

/** What is written when it happens, rows first. `pass` counts how often the week was replayed before. */
export const recordsOf = (step: Step, pass: number): readonly OutgoingRecord[] =>
  step.kind === 'OBSERVED' ? observationRecords(step, pass) : flightRecords(step, pass);
