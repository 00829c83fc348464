// Search engines whose result pages are known, and the parameter of the words.
const engines = [
  { name: "google", host: /^www\.google\.(com?\.)?[a-z]{2,3}$/, path: "/search", param: "q" },
  { name: "bing", host: /^www\.bing\.com$/, path: "/search", param: "q" },
  { name: "duckduckgo", host: /^duckduckgo\.com$/, path: "/", param: "q" },
  { name: "yahoo", host: /(^|\.)search\.yahoo\.com$/, path: "/search", param: "p" },
  { name: "yandex", host: /^yandex\.[a-z]+$/, path: "/search/", param: "text" },
  { name: "baidu", host: /^www\.baidu\.com$/, path: "/s", param: "wd" },
];

// searchOf returns the properties of the search event if the address is a
// known engine's result page, else null. The teardown names the properties;
// the values of position and method are made up.
export function searchOf(address) {
  const url = new URL(address);
  for (const { name, host, path, param } of engines) {
    const words = url.searchParams.get(param);
    if (host.test(url.hostname) && url.pathname === path && words) {
      return {
        used_searchengine: name,
        search_position: "omnibox",
        search_method: "enter",
        search_word: words,
      };
    }
  }
  return null;
}
