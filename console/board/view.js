/** The board as HTML. Everything is drawn from the state anew; lit-html touches only what differs. */
import { html, nothing } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { delayOf, expectedDeparture, isGone, punctuality, statusText } from './departures.js';

/**
 * @typedef {import('./departures.js').Flight} Flight
 * @typedef {import('./clock.js').LocalTime} LocalTime
 * @typedef {{
 *   readonly observedAt: string, readonly temperature: number | null, readonly windDirection: number | null,
 *   readonly windSpeed: number | null, readonly windGust: number | null, readonly precipitation: number | null,
 *   readonly visibility: number | null,
 * }} Weather
 * @typedef {{
 *   readonly name: string, readonly now: number, readonly local: LocalTime,
 *   readonly flights: readonly Flight[], readonly hasChanged: (flight: Flight) => boolean,
 *   readonly counts: Record<import('./departures.js').Punctuality, number>, readonly weather: Weather | null,
 * }} Board
 */

/** @param {string} code */
export const waitingView = (code) => html`<p class="hint">The departures of ${code} are on their way…</p>`;

/** @param {Board} board */
export const boardView = (board) => html`
  <div class="now">
    ${clockView(board)} ${weatherView(board)} ${countsView(board)}
  </div>
  ${tableView(board)}
`;

/** @param {Board} board */
const clockView = ({ now, local }) => html`
  <section aria-labelledby="clock-title">
    <h2 id="clock-title">Local time</h2>
    <p class="big"><time id="clock" datetime=${new Date(now).toISOString()}>${local.time(now)}</time></p>
    <p class="quiet">${local.date(now)}</p>
  </section>
`;

/** @param {Board} board */
const weatherView = ({ weather, local }) => html`
  <section aria-labelledby="weather-title" id="weather">
    <h2 id="weather-title">Weather</h2>
    ${
      weather === null
        ? html`<p class="quiet">Not observed yet</p>`
        : html`
            <p class="big">${measure(weather.temperature, '°F')} <span>${skyOf(weather)}</span></p>
            <p class="quiet">
              ${windOf(weather)}, visibility ${measure(weather.visibility, 'mi', 2)}, at
              <time datetime=${weather.observedAt}>${local.time(weather.observedAt)}</time>
            </p>
          `
    }
  </section>
`;

/** @param {number | null} value @param {string} unit */
const measure = (value, unit, digits = 0) => {
  if (value === null) return '–';
  const number = value.toLocaleString('en-US', { maximumFractionDigits: digits });
  return unit.startsWith('°') ? `${number}${unit}` : `${number} ${unit}`;
};

/** Degrees Fahrenheit at the ground. */
const snowUpTo = 34;

/** What falls, judged by what is measured. @param {Weather} weather */
const skyOf = ({ precipitation, temperature, visibility }) => {
  if ((precipitation ?? 0) > 0) return (temperature ?? 99) <= snowUpTo ? 'Snow' : 'Rain';
  return (visibility ?? 10) < 1 ? 'Poor sight' : '';
};

const points = ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'];
/** @param {Weather} weather */
const windOf = ({ windSpeed, windDirection, windGust }) => {
  if (windSpeed === null) return 'Wind not measured';
  if (windSpeed === 0) return 'Calm';
  const from = windDirection === null ? 'variable' : points[Math.round(windDirection / 45) % 8];
  const gusts = windGust === null ? '' : `, gusts ${measure(windGust, 'mph')}`;
  return `Wind ${from} ${measure(windSpeed, 'mph')}${gusts}`;
};

/** @param {Board} board */
const countsView = ({ counts: { onTime, delayed, cancelled } }) => {
  const total = onTime + delayed + cancelled;
  return html`
    <section aria-labelledby="counts-title" class="counts">
      <h2 id="counts-title">Departures today <span class="quiet">${total}</span></h2>
      <dl>
        <div class="onTime"><dt>On time</dt><dd>${onTime}</dd></div>
        <div class="delayed"><dt>Delayed</dt><dd>${delayed}</dd></div>
        <div class="cancelled"><dt>Cancelled</dt><dd>${cancelled}</dd></div>
      </dl>
      <svg viewBox="0 0 ${total || 1} 1" preserveAspectRatio="none" aria-hidden="true">
        <rect class="onTime" width=${onTime} height="1" />
        <rect class="delayed" x=${onTime} width=${delayed} height="1" />
        <rect class="cancelled" x=${onTime + delayed} width=${cancelled} height="1" />
      </svg>
    </section>
  `;
};

/** A phone shows a row as a card: the roles keep it a table for those who hear it. @param {Board} board */
const tableView = (board) => html`
  <table role="table">
    <caption>From ${board.name}: the next departures, and those of the last hour</caption>
    <thead role="rowgroup">
      <tr role="row">
        ${['Time', 'Flight', 'Airline', 'Destination', 'Gate', 'Status'].map(
          (title) => html`<th role="columnheader" scope="col" class=${title.toLowerCase()}>${title}</th>`,
        )}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${repeat(
        board.flights,
        ({ id }) => id,
        (flight) => rowView(flight, board),
      )}
    </tbody>
  </table>
  ${board.flights.length === 0 ? html`<p class="hint">No departures are announced yet.</p>` : nothing}
`;

/** @param {Flight} flight @param {Board} board */
const rowView = (flight, { local, hasChanged }) => {
  const { id, scheduledDeparture: scheduled, airline, carrier, destination } = flight;
  const expected = local.time(expectedDeparture(flight));
  const classes = [punctuality(flight), isGone(flight) && 'gone', hasChanged(flight) && 'changed'];
  return html`
    <tr role="row" class=${classes.filter(Boolean).join(' ')} data-id=${id}>
      <td role="cell" class="time">
        <time datetime=${scheduled}>${local.time(scheduled)}</time>
        ${delayOf(flight) > 0 && punctuality(flight) === 'delayed' ? html`<b>${expected}</b>` : nothing}
      </td>
      <td role="cell" class="flight">${carrier} ${flight.flightNumber}</td>
      <td role="cell" class="airline">${airline.name ?? carrier}</td>
      <th role="rowheader" scope="row" class="destination">
        <span>${destination.name ?? destination.faa}</span>
        ${destination.name === null ? nothing : html`<span class="quiet">${destination.faa}</span>`}
      </th>
      <td role="cell" class="gate">${flight.gate ?? html`<span class="none">–</span>`}</td>
      <td role="cell" class="status"><span>${statusText(flight)}</span></td>
    </tr>
  `;
};
