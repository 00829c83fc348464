package attribute

import (
	"errors"

	"golang.org/x/net/dns/dnsmessage"
)

// maxAliases is a longer way than any resolver goes.
const maxAliases = 16

// Aliases reads an answer of DNS (RFC 1035, as DNS over HTTPS carries it, RFC
// 8484) and returns the name that was asked for and the names that CNAME
// records lead on to, in order. Of what is no whole answer to one question it
// returns nothing.
func Aliases(message []byte) (host string, names []string) {
	var p dnsmessage.Parser
	head, err := p.Start(message)
	if err != nil || !head.Response || head.RCode != dnsmessage.RCodeSuccess {
		return "", nil
	}
	questions, err := p.AllQuestions()
	if err != nil || len(questions) != 1 {
		return "", nil
	}
	next, err := cnames(&p)
	if err != nil || p.SkipAllAuthorities() != nil || p.SkipAllAdditionals() != nil {
		return "", nil
	}
	host = normal(questions[0].Name.String())
	for name := next[host]; isHost(name) && len(names) < maxAliases; name = next[name] {
		names = append(names, name)
	}
	if !isHost(host) {
		return "", nil
	}
	return host, names
}

// cnames reads the answers and returns where each name leads to.
func cnames(p *dnsmessage.Parser) (map[string]string, error) {
	next := make(map[string]string)
	for {
		head, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return next, nil
		}
		if err != nil {
			return nil, err
		}
		if head.Type != dnsmessage.TypeCNAME {
			if err := p.SkipAnswer(); err != nil {
				return nil, err
			}
			continue
		}
		r, err := p.CNAMEResource()
		if err != nil {
			return nil, err
		}
		next[normal(head.Name.String())] = normal(r.CNAME.String())
	}
}
