const board = `# The departures of an airport: four services
# in one answer. Run it with Ctrl+Enter.
query Board($airport: ID!) {
  airport(faa: $airport) {
    name
    weather {
      temperature windSpeed visibility observedAt
    }
    departures(first: 20) {
      nodes {
        id status scheduledDeparture
        delayMinutes
        airline { name }
        plane { model seats }
        destination { name }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
`;

const live = `# The flights of an airport as they are, then
# what changes them. Run it, run Delay, come
# back and run it again: it goes on where it
# was, and your change is there.
subscription Live($airport: ID) {
  flightChanges(origin: $airport) {
    kind
    key
    flight {
      id status delayMinutes
      airline { name }
      plane { model }
      origin { name weather { temperature } }
      destination { name }
    }
  }
}
`;

const events = `# What happens to all flights from now on, or
# to one: { "flight": "…" }.
subscription Events($flight: ID) {
  flightEvents(flight: $flight) {
    kind
    at
    flight { id status }
  }
}
`;

const delay = `# Writes to Kafka: half an hour more for a
# flight that has not left. Live shows it.
mutation Delay($id: ID!) {
  delayFlight(id: $id, minutes: 30) {
    id status delayMinutes
  }
}
`;

const json = (variables) => JSON.stringify(variables, null, 2);

/**
 * The tabs of a first visit. Each runs as it is.
 * @param {string} flight id of one that can be delayed
 */
const samples = (flight) => [
  { query: board, variables: json({ airport: 'JFK' }) },
  { query: live, variables: json({ airport: 'JFK' }) },
  { query: events, variables: json({}) },
  { query: delay, variables: json({ id: flight }) },
];

/** The last of the next 500, about a day ahead: at a minute a second it can be delayed for twenty minutes. */
const upcoming = '{ flights(origin: "JFK", status: SCHEDULED, first: 500) { nodes { id } } }';

/** Resolves with the id of a flight from JFK that has not left; empty where there is none or nobody answers. */
const delayable = async () => {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: upcoming }),
    });
    const { data } = await response.json();
    return data?.flights?.nodes.at(-1)?.id ?? '';
  } catch {
    return '';
  }
};

const chosenKey = 'tributary:delayable';

/**
 * GraphiQL remembers its tabs, and Delay among them its flight, which may have left since the last visit: another takes
 * its place. A flight of the visitor's own choice stays.
 */
const refreshDelayable = (storage, flight) => {
  const before = storage.getItem(chosenKey);
  if (flight !== '') storage.setItem(chosenKey, flight);
  if (!before || flight === '') return;
  for (const key of [tabsKey, variablesKey]) {
    const remembered = storage.getItem(key);
    if (remembered !== null) storage.setItem(key, remembered.replaceAll(before, flight));
  }
};

/** The names under which GraphiQL keeps its tabs, and the variables of the one in front. */
const [tabsKey, variablesKey] = ['graphiql:tabState', 'graphiql:variables'];

/** The tabs to begin with, and what GraphiQL remembers made ready for them. */
export const prepareTabs = async (storage) => {
  const flight = await delayable();
  const tabs = samples(flight);
  refreshDelayable(storage, flight);
  // Of the tabs that it is given GraphiQL takes the first one's query alone into its editor.
  if (storage.getItem(tabsKey) === null) storage.setItem(variablesKey, tabs[0].variables);
  return tabs;
};
