// The "anonymous" identity of 2020, with its bug.

const ninetyDays = 7776000000; // ms

export class Identity {
  // storage is a chrome.storage area, now the clock in ms, random makes an id.
  constructor(storage, now, random) {
    this.storage = storage;
    this.now = now;
    this.random = random;
  }

  // read returns the id, and a new one if the old one has expired.
  //
  // The bug: aigt is the time of the last read, not of the making. The id of
  // someone who uses the browser at least once in 90 days never changes.
  async read() {
    const defaults = { anonymous_id: "", aigt: 0, anonymous_ei: ninetyDays };
    const prefs = await this.storage.get(defaults);
    const now = this.now();
    if (!prefs.anonymous_id || now - prefs.aigt > prefs.anonymous_ei) {
      prefs.anonymous_id = this.random();
    }
    prefs.aigt = now;
    await this.storage.set(prefs);
    return prefs.anonymous_id;
  }
}
