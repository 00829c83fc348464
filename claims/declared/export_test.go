package declared

// Plist reads a property list, XML or binary, and Other is what stands in it for
// values that no manifest has.
var (
	PlistXML    = readXML
	PlistBinary = readBinary
)

// Other is a value that no manifest has.
type Other = other

// Dictionary is one of a property list.
type Dictionary = dictionary
