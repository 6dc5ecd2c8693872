/** The departures of an airport, live: what is followed, and when it is drawn. */
import { render } from 'lit-html';
import { Clock, localTime } from './clock.js';
import { countDay, onBoard } from './departures.js';
import { ask, connect } from './graph.js';
import { Rows } from './rows.js';
import { boardView, waitingView } from './view.js';

/**
 * @typedef {import('./departures.js').Flight} Flight
 * @typedef {import('./view.js').Weather} Weather
 * @typedef {import('./rows.js').ChangeKind} ChangeKind
 */

const airportQuery = `query Airport($airport: ID!) { airport(faa: $airport) { name timeZone } }`;
const departuresStream = `subscription Departures($airport: ID!) {
  flightChanges(origin: $airport) {
    kind key
    flight {
      id carrier flightNumber scheduledDeparture status delayMinutes departureDelayMinutes gate
      airline { name }
      destination { faa name }
    }
  }
}`;
const weatherStream = `subscription Weather($airport: ID!) {
  weatherChanges(airport: $airport) {
    kind key
    weather { observedAt temperature windDirection windSpeed windGust precipitation visibility }
  }
}`;
const clockStream = `subscription Clock { replayClockChanges { kind key replayClock { time speed } } }`;

const airports = ['JFK', 'LGA', 'EWR'];
/** Milliseconds for which a row that changed stands out; table.css fades it in the same time. */
const highlight = 2_500;

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const asked = new URLSearchParams(location.search).get('airport')?.toUpperCase() ?? '';
const code = airports.includes(asked) ? asked : 'JFK';
const variables = { airport: code };

const clock = new Clock();
/** @type {Rows<Flight>} */
const departures = new Rows();
/** @type {Rows<Weather>} */
const weather = new Rows();
/** @type {{ name: string, local: import('./clock.js').LocalTime } | null} */
let airport = null;
let isClockKnown = false;
/** @type {import('./graph.js').Connection} */
let connection = 'connecting';
/** Why a stream ended for good. */
let refusal = '';

/** Text of the state only when it changes, or it would be read out again and again. */
const drawState = () => {
  const isLive = connection === 'connected' && departures.isComplete;
  const [state, text] =
    refusal !== ''
      ? ['wrong', `Refused: ${refusal}`]
      : connection === 'lost'
        ? ['lost', 'Connection lost, coming back…']
        : isLive
          ? ['live', 'Live']
          : ['connecting', 'Loading…'];
  const shown = byId('state');
  if (shown.textContent === text) return;
  shown.dataset.state = state;
  shown.textContent = text;
};

let isDue = false;
let isDrawn = false;
/** What comes together is drawn together, once a frame; never in a page that nobody sees. */
const draw = () => {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    drawState();
    const isReady = airport !== null && isClockKnown && departures.isComplete;
    // After a RESET the board stays as it was until the rows are there again.
    if (airport === null || !isReady) {
      if (!isDrawn) render(waitingView(code), byId('board'));
      return;
    }
    isDrawn = true;
    const now = clock.now();
    const flights = departures.all();
    const board = {
      ...airport,
      now,
      flights: onBoard(flights, now),
      hasChanged: (/** @type {Flight} */ { id }) => departures.changedWithin(id, highlight),
      counts: countDay(flights, now, airport.local.day),
      weather: weather.all()[0] ?? null,
    };
    render(boardView(board), byId('board'));
  });
};

const { follow } = connect((now) => {
  connection = now;
  draw();
});

/** @param {import('./graph.js').Operation} operation @param {(data: Record<string, any>) => void} take */
const live = (operation, take) =>
  follow(operation, {
    next: (data) => {
      take(data);
      draw();
    },
    refused: (why) => {
      refusal = why;
      draw();
    },
  });

live(
  { query: departuresStream, operationName: 'Departures', variables },
  ({ flightChanges: { kind, key, flight } }) => departures.apply(kind, key, flight),
);
live(
  { query: weatherStream, operationName: 'Weather', variables },
  ({ weatherChanges: { kind, key, weather: row } }) => weather.apply(kind, key, row),
);
live({ query: clockStream, operationName: 'Clock' }, ({ replayClockChanges: { kind, replayClock } }) => {
  if (replayClock !== null) clock.set(replayClock);
  if (kind === 'UP_TO_DATE') isClockKnown = true;
});
ask({ query: airportQuery, operationName: 'Airport', variables }).then((data) => {
  const { name, timeZone } = data.airport ?? {};
  airport = { name: name ?? code, local: localTime(timeZone ?? 'America/New_York') };
  draw();
});

for (const link of document.querySelectorAll('nav a')) {
  if (link.textContent === code) link.setAttribute('aria-current', 'page');
}
document.title = `${code} departures`;
setInterval(draw, 1_000);
draw();
