package decode_test

import (
	"slices"

	"telltale/audit/decode"
)

// everyEncoder are the encoders and the containers.
var everyEncoder = slices.Concat(encoders, containers())

func containers() (list []encoder) {
	for _, c := range decode.Containers {
		list = append(list, encoder{c.Step, c.Text, c.Encode})
	}
	return list
}
