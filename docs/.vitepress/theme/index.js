// The default theme with the reader's own fonts: nothing is fetched from elsewhere, and little from here.
import DefaultTheme from 'vitepress/theme-without-fonts'
import './style.css'

export default DefaultTheme
