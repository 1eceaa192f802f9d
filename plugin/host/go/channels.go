package goopcall

import "sync"

// maxChannels limits what a page can fill with calls whose end goes unnoticed. One call at a time is usual.
const maxChannels = 64

// channels maps the channel ids that pages choose to the call ids that the plugin chooses.
type channels struct {
	mutex sync.Mutex
	calls map[string]string
}

func newChannels() *channels { return &channels{calls: map[string]string{}} }

func (c *channels) set(channel, call string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.calls) >= maxChannels {
		c.calls = map[string]string{}
	}
	c.calls[channel] = call
}

// callOf returns the channel itself for an incoming call, whose channel id is its call id.
func (c *channels) callOf(channel string) string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if call, isKnown := c.calls[channel]; isKnown {
		return call
	}
	return channel
}

func (c *channels) channelOf(call string) string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for channel, one := range c.calls {
		if one == call {
			return channel
		}
	}
	return call
}

func (c *channels) forget(call string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for channel, one := range c.calls {
		if one == call {
			delete(c.calls, channel)
		}
	}
}
