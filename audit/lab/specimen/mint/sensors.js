// The envelope of the Sensors protocol, as its Android and JavaScript SDKs write it.

// hashCode is Java's String.hashCode, which the SDKs call crc.
export function hashCode(text) {
  let h = 0;
  for (let i = 0; i < text.length; i++) {
    h = (Math.imul(31, h) + text.charCodeAt(i)) | 0;
  }
  return h;
}

// single packs one event: plain base64.
export function single(event) {
  const data = base64(new TextEncoder().encode(JSON.stringify(event)));
  return `data=${encodeURIComponent(data)}&ext=${encodeURIComponent(`crc=${hashCode(data)}`)}`;
}

// batch packs a list of events: gzip, then base64.
export async function batch(events) {
  const packed = new Blob([JSON.stringify(events)]).stream().pipeThrough(new CompressionStream("gzip"));
  const data = base64(new Uint8Array(await new Response(packed).arrayBuffer()));
  return `crc=${hashCode(data)}&gzip=1&data_list=${encodeURIComponent(data)}`;
}

function base64(bytes) {
  return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
}

// track makes the event of a record: the "anonymous" id stands beside the
// account and the id of the device.
export function track({ event, properties, time, id, persona }) {
  return {
    _track_id: hashCode(`${id} ${time} ${event}`),
    time,
    type: "track",
    distinct_id: id,
    anonymous_id: id,
    login_id: persona.account,
    lib: { $lib: "Android", $lib_version: "3.2.10", $lib_method: "code", $app_version: persona.app_version },
    event,
    properties: { ...superProperties(id, persona), ...properties },
  };
}

function superProperties(id, persona) {
  return {
    uuid: id,
    internet_status: navigator.onLine ? 1 : 0,
    platform: "AndroidApp",
    miui_version: persona.miui_version,
    miui_region: persona.region,
    system_language: persona.language,
    $os: "Android",
    $os_version: persona.os_version,
    $manufacturer: persona.maker,
    $model: persona.model,
    $app_version: persona.app_version,
    $carrier: persona.carrier,
    $network_type: persona.network_type,
    $screen_width: persona.screen_width,
    $screen_height: persona.screen_height,
    $device_id: persona.android_id,
  };
}
