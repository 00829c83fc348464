package decode_test

import (
	"slices"

	"telltale/audit/decode"
)

// everyEncoder are the encoders, the containers and the compressions that have a mark.
var everyEncoder = slices.Concat(encoders, containers(), packed())

func containers() (list []encoder) {
	for _, c := range decode.Containers {
		list = append(list, encoder{c.Step, c.Text, c.Encode})
	}
	return list
}
