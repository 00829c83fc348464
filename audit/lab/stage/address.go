package stage

import (
	"maps"
	"net/url"
	"slices"
)

// The hosts of the lab's own sites. They look like real ones because software
// may treat reserved names such as .test differently, but nobody trades under
// them and only the lab answers for them.
const (
	NewsHost     = "www.harrowmere-courier.com"
	ShopHost     = "www.tindleworth-outfitters.com"
	AccountHost  = "account.pellinmoor-services.com"
	DownloadHost = "files.harrowmere-council.com"
	ProbeHost    = "www.ottersgate-almanac.com"
)

// The hosts of the search engines that the stage plays. These are real names,
// because software knows an engine by its name.
const (
	BingHost       = "www.bing.com"
	DuckDuckGoHost = "duckduckgo.com"
)

// The parts of the account site that a driver uses, as CSS selectors.
const (
	EmailField   = "#email"   // on the page of [Login]
	SubmitButton = "#submit"  // beside it
	WelcomeText  = "#welcome" // on the page that answers the form
)

// An engine says where a search engine shows its results.
type engine struct{ name, path, param string }

var engines = map[string]engine{
	BingHost:       {"Bing", "/search", "q"},
	DuckDuckGoHost: {"DuckDuckGo", "/", "q"},
}

// Engines returns the hosts of the search engines that the stage plays, sorted.
func Engines() []string { return slices.Sorted(maps.Keys(engines)) }

// Article is the address of a news article.
func Article(seed, query string) string { return address(NewsHost, "/article/", seed, query) }

// Reading is the address of a long text that takes minutes to read.
func Reading(seed, query string) string { return address(NewsHost, "/long-read/", seed, query) }

// Product is the address of a product's page in the shop.
func Product(seed, query string) string { return address(ShopHost, "/product/", seed, query) }

// Login is the address of a form that asks for an e-mail address.
func Login(pathSeed, querySeed string) string {
	return address(AccountHost, "/login/", pathSeed, querySeed)
}

// Download is the address of a small PDF file that is served as an attachment.
func Download(pathSeed, querySeed string) string {
	return address(DownloadHost, "/minutes/", pathSeed+".pdf", querySeed)
}

// Leaf is the address of a page that is the same whatever stands in its path,
// so that nothing but the address differs from one visit to another.
func Leaf(path string) string { return "https://" + ProbeHost + "/leaf/" + url.PathEscape(path) }

// Search is the address of an engine's results for words. The engine is one of
// [Engines]; any other has no address and yields "".
func Search(engine, words string) string {
	e, ok := engines[engine]
	if !ok {
		return ""
	}
	return "https://" + engine + e.path + "?" + url.Values{e.param: {words}}.Encode()
}

func address(host, path, seed, query string) string {
	return "https://" + host + path + url.PathEscape(seed) + "?" + url.Values{"ref": {query}}.Encode()
}
