// What the browser of 2020 reported about its user, as an extension.
//
// A service worker is stopped when it is idle and started again by the next
// event: so the listeners are registered at once, before anything is awaited,
// and each start asks for the lab's proof anew. Events that happen meanwhile
// wait for the answer; without proof they are dropped.

import { Identity } from "./identity.js";
import { enter } from "./lab.js";
import { searchOf } from "./search.js";
import { mistat, sensors } from "./sinks.js";

const identity = new Identity(chrome.storage.local, Date.now, () => crypto.randomUUID());
const lab = enter(chrome.runtime.getURL("lab.json"));

// Reports wait for each other, so that they leave in the order of events and
// two of them never make two identities.
let last = Promise.resolve();

function report(event, properties, isPrivate, urgent = false) {
  const time = Date.now();
  last = last.then(() => send(event, properties, isPrivate, time, urgent)).catch(() => {});
}

async function send(event, properties, isPrivate, time, urgent) {
  const config = await lab;
  if (!config || (!config.incognito && (await isPrivate))) {
    return;
  }
  const record = { event, properties, time, id: await identity.read(), persona: config.persona };
  sensors(record, urgent);
  mistat(record);
}

// A tab that is gone already may have been a private one.
async function tabIsPrivate(tabId) {
  try {
    return (await chrome.tabs.get(tabId)).incognito;
  } catch {
    return true;
  }
}

function isPage(details) {
  return details.frameId === 0 && /^https?:/.test(details.url);
}

chrome.webNavigation.onCommitted.addListener((details) => {
  if (!isPage(details)) {
    return;
  }
  const isPrivate = tabIsPrivate(details.tabId);
  report("page_load_event_start", { url: details.url }, isPrivate, true);
  const search = searchOf(details.url);
  if (search) {
    report("search", search, isPrivate);
  }
});

chrome.webNavigation.onCompleted.addListener((details) => {
  if (isPage(details)) {
    report("page_load_event_finish", { url: details.url }, tabIsPrivate(details.tabId));
  }
});

chrome.downloads.onCreated.addListener((item) => {
  const file = new URL(item.url).pathname.split("/").pop();
  const properties = {
    op: "start", // the teardown names the property, not its values
    suffix: file.includes(".") ? file.split(".").pop() : "",
    url: item.url,
    type: item.incognito ? "privacy" : "general",
  };
  report("download_files", properties, item.incognito);
});
