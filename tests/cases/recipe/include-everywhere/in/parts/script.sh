echo middle
