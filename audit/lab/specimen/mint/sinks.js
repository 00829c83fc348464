// The two places that every event went to.

import { batch, single, track } from "./sensors.js";

const sensorsURL = "https://sa.api.intl.miui.com/sa?project=global_browser_mini&r=";
const mistatURL = "https://data.mistat.intl.xiaomi.com/mistats";

const batchDelay = 400; // ms; the SDK waits 15 s, and the lab is less patient

let waiting = [];

// sensors sends a record to the Sensors server: an urgent one at once and
// alone, others together.
export function sensors(record, urgent) {
  const url = sensorsURL + record.persona.region;
  if (urgent) {
    post(url, single(track(record)), "application/x-www-form-urlencoded");
    return;
  }
  waiting.push(track(record));
  if (waiting.length === 1) {
    setTimeout(() => flush(url), batchDelay);
  }
}

async function flush(url) {
  const events = waiting;
  waiting = [];
  post(url, await batch(events), "application/x-www-form-urlencoded");
}

// mistat sends a record to MiStat. Its format is not public: this JSON is a
// stand-in that says the same.
export function mistat({ event, properties, time, id, persona }) {
  const body = {
    app: "com.mi.globalbrowser.mini",
    version: persona.app_version,
    device: id,
    time,
    event,
    params: properties,
  };
  post(mistatURL, JSON.stringify(body), "application/json");
}

// post does not care for the answer; what is lost is lost.
function post(url, body, type) {
  fetch(url, { method: "POST", headers: { "Content-Type": type }, body, credentials: "omit" }).catch(() => {});
}
