package decode

import (
	"fmt"
	"testing"
)

func encodePHP(data []byte) []byte {
	return fmt.Appendf(nil, "a:3:{i:0;d:0.5;s:4:\"data\";s:%d:\"%s\";s:1:\"o\";O:3:\"Foo\":1:{s:4:\"\x00*\x00p\";N;}}", len(data), data)
}

func FuzzPHP(f *testing.F) { contained(f, "php") }
